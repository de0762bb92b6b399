"""Looks through the files of a version, of which the real server estimates the memory that it will need.

The double estimates nothing, but fails for the same folders. (servables/tensorflow/util.cc, GetModelDiskSize)
"""

import os

from model_server.file_errors import exists, file_error
from model_server.status import not_found


def look_through(folder: str) -> None:
    """Raises StatusError for a path that is absent, no folder or unreadable, or has a link that leads nowhere."""
    if not exists(folder):
        raise not_found(f"{folder} not found")
    waiting = [folder]
    while waiting:
        waiting += _folders_in(waiting.pop(0))


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as children:
            found = list(children)
    except OSError as error:
        raise file_error(folder, error) from error
    for child in found:
        try:
            child.stat()
        except OSError as error:
            raise file_error(child.path, error) from error
    return [child.path for child in found if child.is_dir()]
