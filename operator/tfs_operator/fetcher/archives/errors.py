"""Errors of an archive, before its URI is known."""


class BadArchive(Exception):
    """The message names the entry and says what is wrong with it; the caller adds the URI."""


def shown(name: str) -> str:
    """An entry's name for a message: no control characters, not endless."""
    short = name if len(name) <= 120 else f"{name[:60]}…{name[-59:]}"
    return repr(short)
