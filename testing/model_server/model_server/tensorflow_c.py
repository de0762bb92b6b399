"""TensorFlow's C library by ctypes: the part of tensorflow/c/c_api.h that the double calls.

It is the library inside the tensorflow wheel, with the very session that the real server has, so errors of loading
and of running a graph are TensorFlow's own words. The session is the one that takes a GraphDef and names of tensors,
as the C++ loader's does; the newer one takes a TF_Graph, which refuses an operation that does not exist also in a
function that nobody may ever call. ctypes lets go of the interpreter lock in every call, so predictions run at the
same time.
"""

import ctypes
import functools
import os
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

from model_server.protos import TENSORFLOW
from model_server.status import Code, StatusError


class Buffer(ctypes.Structure):
    """TF_Buffer: bytes; the library frees its own, ours point at Python's."""

    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))


TSTRING_BYTES = 24
"""Size of a TF_TString, the element of a string tensor (tensorflow/core/platform/ctstring_internal.h)."""

_FUNCTIONS = {
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_Version": (c_char_p, []),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_DeleteSessionOptions": (None, [c_void_p]),
    "TF_SetConfig": (None, [c_void_p, c_char_p, c_size_t, c_void_p]),
    "TF_NewGraph": (c_void_p, []),
    "TF_DeleteGraph": (None, [c_void_p]),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, c_void_p, c_void_p],
    ),
    "TF_NewDeprecatedSession": (c_void_p, [c_void_p, c_void_p]),
    "TF_ExtendGraph": (None, [c_void_p, c_char_p, c_size_t, c_void_p]),
    "TF_CloseDeprecatedSession": (None, [c_void_p, c_void_p]),
    "TF_DeleteDeprecatedSession": (None, [c_void_p, c_void_p]),
    "TF_Run": (
        None,
        [c_void_p, POINTER(Buffer)]
        + [POINTER(c_char_p), POINTER(c_void_p), c_int] * 2
        + [POINTER(c_char_p), c_int, c_void_p, c_void_p],
    ),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorFromProto": (None, [POINTER(Buffer), c_void_p, c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_StringGetDataPointer": (c_void_p, [c_void_p]),
    "TF_StringGetSize": (c_size_t, [c_void_p]),
}


@functools.cache
def library() -> ctypes.CDLL:
    """Opens the library, which takes a third of a second the first time.

    TensorFlow's own informational lines are left out unless TF_CPP_MIN_LOG_LEVEL asks for them. oneDNN's kernels, which
    the wheel has and the recorded server has not, stay off unless TF_ENABLE_ONEDNN_OPTS asks for them.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    ctypes.CDLL(str(_file("framework")), mode=ctypes.RTLD_GLOBAL)
    tensorflow = ctypes.CDLL(str(_file("cc")))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(tensorflow, name)
        function.restype, function.argtypes = result, arguments
    return tensorflow


def _file(part: str) -> Path:
    for name in (f"libtensorflow_{part}.so.2", f"libtensorflow_{part}.2.dylib"):
        if (TENSORFLOW / name).exists():
            return TENSORFLOW / name
    raise ImportError(f"no libtensorflow_{part} in {TENSORFLOW}")


def buffer_of(data: bytes) -> Buffer:
    """A TF_Buffer over `data`, which has to live as long as it."""
    return Buffer(ctypes.cast(c_char_p(data), c_void_p), len(data), None)


def texts(names: Sequence[str]) -> ctypes.Array[c_char_p]:
    """An array of C strings, which the call that takes it must not keep."""
    return (c_char_p * len(names))(*(name.encode() for name in names))


class CallStatus:
    """A TF_Status for one call: `with CallStatus() as status: f(…, status)` raises what the call reports."""

    def __enter__(self) -> c_void_p:
        self._status = c_void_p(library().TF_NewStatus())
        return self._status

    def __exit__(self, exception: type[BaseException] | None, *_: object) -> None:
        code = Code(library().TF_GetCode(self._status))
        message = library().TF_Message(self._status).decode(errors="replace")
        library().TF_DeleteStatus(self._status)
        if exception is None and code is not Code.OK:
            raise StatusError(code, message)
