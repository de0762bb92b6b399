"""Errors of an archive, before its URI is known."""

from tfs_operator.domain.foreign_text import one_line

_LONGEST = 200


class BadArchive(Exception):
    """An archive is refused. The message names the entry and what is wrong with it; the caller adds the URI."""


def words_of(error: Exception) -> str:
    """Returns the words of a library for a message: these may repeat an entry's name, of any length."""
    return one_line(str(error), _LONGEST) or type(error).__name__


def shown(name: str) -> str:
    """Quotes an entry's name for a message: without control characters, and shortened."""
    short = name if len(name) <= 120 else f"{name[:60]}…{name[-59:]}"
    return repr(short)
