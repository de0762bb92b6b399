"""What holds for each text of others that reaches users."""


def assert_readable(text: str, most: int) -> None:
    """Fails for a text that is longer than `most` characters, or has one that cannot be printed."""
    assert len(text) <= most, f"{len(text)} characters: {text[:80]!r}"
    assert text.isprintable(), ascii(text[:400])
