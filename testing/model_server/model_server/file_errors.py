"""An error of a system call as the Status that TensorFlow makes of it.

(tensorflow/core/platform/error.h and its implementation for POSIX)
"""

import errno
import os
from pathlib import Path

from model_server.status import Code, StatusError

_CODES = {
    Code.INVALID_ARGUMENT: (errno.EINVAL, errno.ENAMETOOLONG, errno.E2BIG, errno.EFAULT, errno.ENOTTY, errno.ESPIPE),
    Code.NOT_FOUND: (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ESRCH),
    Code.PERMISSION_DENIED: (errno.EPERM, errno.EACCES, errno.EROFS),
    Code.FAILED_PRECONDITION: (errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EBUSY, errno.EBADF, errno.ETXTBSY),
    Code.RESOURCE_EXHAUSTED: (errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EMLINK),
    Code.OUT_OF_RANGE: (errno.EFBIG, errno.EOVERFLOW, errno.ERANGE),
    Code.UNAVAILABLE: (errno.EAGAIN, errno.EINTR),
    Code.ABORTED: (errno.EDEADLK, errno.ESTALE),
}
_CODE_OF = {number: code for code, numbers in _CODES.items() for number in numbers}


def exists(path: str | Path) -> bool:
    """Whether there is something at a path that this process may look at."""
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises where it may not


def file_error(path: str, error: OSError) -> StatusError:
    """Answers `path; reason` with the code of the error's number; UNKNOWN for a rare one."""
    number = error.errno or errno.EIO
    return StatusError(_CODE_OF.get(number, Code.UNKNOWN), f"{path}; {os.strerror(number)}")
