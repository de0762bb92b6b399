"""Whether there is room, and how it is said that there is none."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from testing.models.folder_source import write
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.volume.disk import RESERVE_BYTES, check_room, free_bytes, volume_error

MIB = 1024 * 1024
URI = "s3://bucket/mnist"


def version(size: int) -> RemoteVersion:
    return RemoteVersion(3, "3", (RemoteFile("saved_model.pb", size),))


def test_a_version_that_fits(tmp_path: Path) -> None:
    check_room(URI, version(5 * MIB), tmp_path, 5 * MIB + RESERVE_BYTES)


def test_one_that_does_not(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as raised:
        check_room(URI, version(2048 * MIB), tmp_path, 1024 * MIB)
    assert raised.value.reason is Reason.DISK_FULL
    assert raised.value.message == (
        "s3://bucket/mnist: version 3 (2.0 GiB) does not fit on its volume: "
        "needs 2.0 GiB more and 64.0 MiB in reserve; "
        "1.0 GiB are free; make the volume of the models larger, or serve fewer versions"
    )


def test_the_reserve_is_not_touched(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="does not fit"):
        check_room(URI, version(5 * MIB), tmp_path, 5 * MIB + RESERVE_BYTES - 1)


def test_what_an_earlier_attempt_left_counts(tmp_path: Path) -> None:
    write(tmp_path, {"variables/part": b"x" * 2 * MIB})
    check_room(URI, version(5 * MIB), tmp_path, 3 * MIB + RESERVE_BYTES)


def test_a_file_of_holes_has_not_arrived(tmp_path: Path) -> None:
    with (tmp_path / "part").open("wb") as file:
        file.truncate(5 * MIB)
    with pytest.raises(FetchError, match="does not fit"):
        check_room(URI, version(5 * MIB), tmp_path, 3 * MIB + RESERVE_BYTES)


def test_what_is_free(tmp_path: Path) -> None:
    found = shutil.disk_usage(tmp_path).free
    assert free_bytes(tmp_path) == pytest.approx(found, rel=0.1)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_volume_that_fills_up_meanwhile(number: int) -> None:
    error = volume_error(f"{URI}: version 3", OSError(number, "full"))
    assert error.reason is Reason.DISK_FULL
    assert error.message == (
        "s3://bucket/mnist: version 3: the pod's volume: full; "
        "make the volume of the models larger, or serve fewer versions"
    )


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO])
def test_other_errors_of_the_volume(number: int) -> None:
    error = volume_error(f"{URI}: version 3", OSError(number, os.strerror(number)))
    assert error.reason is Reason.STORE_ERROR
    assert error.message == f"s3://bucket/mnist: version 3: the pod's volume: {os.strerror(number)}"
