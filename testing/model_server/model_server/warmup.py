"""Warmup: the requests in assets.extra/tf_serving_warmup_requests, replayed before a version is available.

(servables/tensorflow/saved_model_warmup_util.cc)
"""

import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from model_server import log, metrics
from model_server.inference import Inference
from model_server.protos import prediction_log_pb2
from model_server.servable import Servable
from model_server.status import Code, StatusError, invalid_argument, unimplemented

SOURCE = "servables/tensorflow/saved_model_warmup_util.cc"
MOST_RECORDS = 1000

_NO_UTF8 = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of the bytes that are no UTF-8."""


def replay(inference: Inference, servable: Servable, folder: str, iterations: int) -> None:
    """Replays each record `iterations` times (0: no warmup); raises StatusError at the first bad one."""
    path = Path(folder, "assets.extra", "tf_serving_warmup_requests")
    if not iterations:
        return
    if not path.exists():
        log.info(SOURCE, f"No warmup data file found at {path}")
        return
    started, count = time.monotonic(), 0
    for record in _records(path):
        request = _prediction_log(record, path)
        for _ in range(iterations):
            _answer(inference, servable, request)
        count += 1
        if count > MOST_RECORDS:
            raise invalid_argument(f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {path}")
    metrics.WARMUP_LATENCY.observe((time.monotonic() - started) * 1e6, folder, "OK")
    metrics.WARMUP_RECORDS.add(folder, "OK", by=count)
    log.info(SOURCE, f"Finished reading warmup data for model at {path}. Number of warmup records read: {count}.")


def _prediction_log(record: bytes, path: Path) -> Any:
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        # A message is UTF-8, and protobuf writes a space for each byte that is none.
        text = _NO_UTF8.sub(" ", record.decode(errors="surrogateescape"))
        raise invalid_argument(f"Failed to parse warmup record: {text} from {path}") from error


def _answer(inference: Inference, servable: Servable, request: Any) -> None:
    match request.WhichOneof("log_type"):
        case "predict_log":
            inference.predict(servable, request.predict_log.request)
        case "classify_log":
            inference.classify(servable, request.classify_log.request)
        case "regress_log":
            inference.regress(servable, request.regress_log.request)
        case "multi_inference_log":
            inference.multi_inference(servable, request.multi_inference_log.request)
        case None:
            pass
        case other:
            number = request.DESCRIPTOR.fields_by_name[other].number
            raise unimplemented(f"Unsupported log_type for warmup: {number}")


def _records(path: Path) -> Iterator[bytes]:
    """Reads TFRecords: length (8 bytes), its checksum (4), the data, its checksum (4). Half a length is the end."""
    data, offset = path.read_bytes(), 0
    while len(header := data[offset : offset + 12]) == 12:
        if _masked_crc(header[:8]) != _number(header[8:]):
            raise _data_loss(f"corrupted record at {offset}" + ("" if offset else " (Is this even a TFRecord file?)"))
        end = offset + 12 + struct.unpack("<Q", header[:8])[0]
        record, checksum = data[offset + 12 : end], data[end : end + 4]
        if len(checksum) < 4:
            raise _data_loss(f"truncated record at {offset}' failed with Read less bytes than requested")
        if _masked_crc(record) != _number(checksum):
            raise _data_loss(f"corrupted record at {offset + 12}")
        yield record
        offset = end + 4


def _data_loss(message: str) -> StatusError:
    return StatusError(Code.DATA_LOSS, f"{message}. Please verify your warmup data is in TFRecord format.")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _masked_crc(data: bytes) -> int:
    """CRC-32C, rotated by 15 bits and shifted by a constant (tensorflow/core/lib/hash/crc32c.h)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _crc_entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC_TABLE = [_crc_entry(value) for value in range(256)]
