"""Texts of a server in the form that the recordings have, so that they can be compared."""

import re
from pathlib import Path

_FUNCTION = re.compile(r"(\{\{function_node \w*_)\d+")
_PRINTED = re.compile(r"goo\.gle/debug\w+\s*(\\n)?")
_MACHINE = re.compile(r"(?<=in binary running on )\S+(?=\. )")
_LONG_NUMBER = re.compile(r"\d{6,}")


class Normaliser:
    """`folder` is where the models lie, as the server sees it; `host` its address as a client sees it."""

    def __init__(self, folder: Path | str, host: str = "") -> None:
        self._folder = str(folder)
        self._host = host

    def text(self, text: str) -> str:
        """Writes {dir} for the folder, HOST for address and machine, and N for the numbers of generated functions.

        Each process of a server has another prefix and other spaces before a printed message, against programs that
        read it; these are made the same.
        """
        text = text.replace(self._folder, "{dir}")
        if self._host:
            text = text.replace(self._host, "HOST")
        text = _MACHINE.sub("HOST", _FUNCTION.sub(r"\1N", text))
        return _PRINTED.sub("goo.gle/debugproto ", text)

    def log_line(self, line: str) -> str:
        """Writes N for any number of six digits and more besides."""
        return _LONG_NUMBER.sub("N", self.text(line))

    def content(self, data: bytes) -> bytes:
        """The same of bytes, whatever they are."""
        return self.text(data.decode("latin-1")).encode("latin-1")

    def concrete(self, text: str) -> str:
        """Puts the folder back in place of {dir}, in a recorded config, flag or file."""
        return text.replace("{dir}", self._folder)
