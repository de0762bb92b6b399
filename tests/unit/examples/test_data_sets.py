"""The original data sets, in their own layout, from a server of this machine; and what is drawn in their place."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.unit.examples.example import load


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The URL of a server of `tmp_path`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def photo(brightness: int) -> bytes:
    import tensorflow as tf

    jpeg: bytes = tf.io.encode_jpeg(np.full((40, 60, 3), brightness, np.uint8)).numpy()
    return jpeg


def test_photos_of_flowers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: str) -> None:
    train = load(monkeypatch, "flowers", "train")
    with tarfile.open(tmp_path / "photos.tgz", "w:gz") as tar:
        for index, kind in enumerate([*train.CLASSES, "LICENSE"]):
            content = photo(40 * index)
            entry = tarfile.TarInfo(f"flower_photos/{kind}/1_n.jpg")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    data = train.photos(f"{web}/photos.tgz")
    assert data.pictures.shape == (5, 224, 224, 3)
    brightness = data.pictures.mean(axis=(1, 2, 3))
    assert brightness == pytest.approx(40.0 * data.classes, abs=2), "each photo has the class of its folder"


def test_photos_of_cats_and_dogs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: str) -> None:
    train = load(monkeypatch, "cats-vs-dogs", "train")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for index, kind in enumerate(("cat", "dog")):
            archive.writestr(f"cats_and_dogs_filtered/train/{kind}s/{kind}.0.jpg", photo(200 * index))
            archive.writestr(f"cats_and_dogs_filtered/validation/{kind}s/{kind}.2000.jpg", photo(100))
    data = train.photos(f"{web}/photos.zip")
    assert data.pictures.shape == (2, 64, 64, 3)
    assert data.pictures.mean(axis=(1, 2, 3)) == pytest.approx(200.0 * data.classes, abs=2)


def test_the_houses_of_boston(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: str) -> None:
    train = load(monkeypatch, "boston", "train")
    x, y = np.arange(26.0).reshape(2, 13), np.array([24.0, 21.6])
    np.savez(tmp_path / "boston.npz", x=x, y=y)
    data = train.boston(f"{web}/boston.npz")
    assert {price: tuple(house) for price, house in zip(data.prices, data.houses, strict=True)} == {
        np.float32(24.0): tuple(x[0]),
        np.float32(21.6): tuple(x[1]),
    }


def test_another_file_than_keras_pins_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: str) -> None:
    train = load(monkeypatch, "boston", "train")
    (tmp_path / "boston.npz").write_bytes(b"<html>")
    monkeypatch.setattr(train, "BOSTON", f"{web}/boston.npz")
    assert hashlib.sha256(b"<html>").hexdigest() != train.BOSTON_SHA256
    with pytest.raises(OSError, match="another SHA-256"):
        train.boston(train.BOSTON)


@pytest.mark.parametrize(("example", "what"), [("flowers", "photos"), ("cats-vs-dogs", "photos"), ("boston", "boston")])
def test_what_cannot_be_downloaded_is_drawn_and_said(
    monkeypatch: pytest.MonkeyPatch, web: str, capsys: pytest.CaptureFixture[str], example: str, what: str
) -> None:
    train = load(monkeypatch, example, "train")
    url = f"{web}/missing"
    data = train.dataset("auto", url)
    assert data.name in ("draw.py", "drawn houses")
    said = capsys.readouterr().out
    assert "cannot be downloaded here: HTTP Error 404" in said
    assert "instead" in said
    with pytest.raises(SystemExit, match="cannot be downloaded here"):
        train.dataset(what, url)


def test_a_slow_download_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: str) -> None:
    (tmp_path / "big").write_bytes(b"x" * 100_000)
    train = load(monkeypatch, "boston", "train")
    monkeypatch.setattr(train, "DOWNLOAD_SECONDS", 0)
    with pytest.raises(OSError, match="not there after 0 s"):
        train.download(f"{web}/big")


@pytest.mark.parametrize(("example", "function"), [("flowers", "flowers"), ("cats-vs-dogs", "faces")])
def test_what_is_drawn_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch, example: str, function: str) -> None:
    draw = load(monkeypatch, example, "draw")
    pictures, classes = getattr(draw, function)(2, seed=3)
    again, same_classes = getattr(draw, function)(2, seed=3)
    assert np.array_equal(pictures, again)
    assert np.array_equal(classes, same_classes)
    assert np.bincount(classes).tolist() == [2] * len(np.unique(classes))
    assert pictures.dtype == np.uint8
    assert pictures.std(axis=(1, 2)).max(axis=1).min() > 5, "no picture is blank"
