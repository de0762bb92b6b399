"""Formats numbers for messages and the log."""

from collections.abc import Collection

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def in_bytes(count: float) -> str:
    """Formats a number of bytes in the unit that fits: `1.5 GiB`."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 or count >= 100 else f"{count:.1f} {_UNITS[unit]}"


def in_numbers(numbers: Collection[int], most: int = 5) -> str:
    """Lists the highest of them in ascending order: `1, 2 and 3`, or `… 7, 8 and 9`."""
    shown = [str(number) for number in sorted(numbers)[-most:]]
    text = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    return f"… {text}" if len(numbers) > most else text
