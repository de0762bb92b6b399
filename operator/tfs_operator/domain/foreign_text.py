"""Makes text that others wrote fit for conditions, events and logs."""


def one_line(text: str, limit: int) -> str:
    """Returns the text on one line of at most `limit` characters. Whatever cannot be printed becomes a space: line
    breaks, escape sequences of terminals, marks that turn the direction of writing, halves of characters."""
    beginning = text[: 2 * limit]
    printable = beginning if beginning.isprintable() else "".join(c if c.isprintable() else " " for c in beginning)
    line = " ".join(printable.split())
    fits = len(line) <= limit and len(beginning) == len(text)
    return line if fits else f"{line[: limit - 1]}…"
