"""Errors of an archive, before its URI is known."""


class BadArchive(Exception):
    """An archive is refused. The message names the entry and what is wrong with it; the caller adds the URI."""


def shown(name: str) -> str:
    """Quotes an entry's name for a message: without control characters, and shortened."""
    short = name if len(name) <= 120 else f"{name[:60]}…{name[-59:]}"
    return repr(short)
