"""Tells whether a file of warmup requests is whole: records of known lengths, one behind another (TFRecord).

A record that is cut is DATA_LOSS to the model server, which then fails to load the version. What is in the records is
for the server to judge. Sources: tensorflow/core/lib/io/record_writer.h; tensorflow_serving/servables/tensorflow,
saved_model_warmup_util.h (kMaxNumRecords).
"""

from pathlib import Path

WARMUP = "assets.extra/tf_serving_warmup_requests"

_HEADER_BYTES = 12
"""The length, and its checksum."""

_CHECKSUM_BYTES = 4
"""Behind the record."""

_MOST_RECORDS = 1001
"""The server takes a thousand, and fails at the next."""


def whole_records(path: Path) -> int | None:
    """Returns how many records come before the first that is cut; None where none is. Raises OSError."""
    with path.open("rb") as file:
        end, at = file.seek(0, 2), 0
        for count in range(_MOST_RECORDS):
            if at == end:
                return None
            file.seek(at)
            length = int.from_bytes(file.read(_HEADER_BYTES)[:8], "little")
            at += _HEADER_BYTES + length + _CHECKSUM_BYTES
            if at > end:
                return count
    return None
