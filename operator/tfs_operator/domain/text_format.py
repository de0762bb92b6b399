"""Protobuf text format: every string is escaped, so that no text can add a field of its own."""


def quoted(text: str) -> str:
    """A protobuf text-format string: every byte but plain printable ASCII is an octal escape.

    Source: https://protobuf.dev/reference/protobuf/textformat-spec/#string
    """
    return '"' + "".join(_escaped(byte) for byte in text.encode()) + '"'


def _escaped(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b"\"\\'"
    return chr(byte) if plain else f"\\{byte:03o}"
