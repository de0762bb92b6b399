"""Numbers as RapidJSON reads and writes them, on threads that take numbers too small for a normal one for zero.

(RapidJSON without its full precision; TensorFlow's thread pools, which REST requests run on, flush denormals)
"""

import re
import struct
import sys

_PARTS = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_SMALLEST_FLOAT = 2.0**-126
_EXACT = 2**53 - 1
_SIGNIFICANT = 17
_QUICK = 16
"""Numbers of no more characters and without an exponent are the same however they are rounded."""
_LARGEST_EXPONENT = 308


class NumberTooBigError(Exception):
    """The number is beyond a 64-bit float."""


def number(text: str) -> int | float:
    """Returns an int where it fits into 64 bits and has neither point nor exponent; raises NumberTooBigError."""
    if len(text) <= _QUICK and "e" not in text and "E" not in text:
        return float(text) if "." in text else int(text)
    minus, digits, fraction, exponent = _parts(text)
    if fraction is None and exponent is None:
        value = int(digits)
        if value < (2**63 + 1 if minus else 2**64):
            return -value if minus else value
    size = _size(digits, fraction or "", int(exponent or 0), 2**63 if minus else 2**64 - 1)
    return -size if minus else size


def flushed(value: float) -> float:
    """A float, or zero where it is no normal one."""
    return value if abs(value) >= sys.float_info.min or value != value else 0.0 * value


def as_float32(value: float) -> float:
    """Rounds to 32 bits, where what is too small for a normal number is zero, and what is too large infinite."""
    try:
        rounded = float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return rounded if abs(rounded) >= _SMALLEST_FLOAT or rounded != rounded else 0.0 * rounded


def shortest(value: float) -> str:
    """A 64-bit float with as few digits as give it back: `1.0`, `0.001`, `1e-8`, `1.5e30`."""
    mantissa, _, exponent = repr(value).partition("e")
    digits = mantissa.lstrip("-").replace(".", "")
    point = len(mantissa.lstrip("-").partition(".")[0]) + int(exponent or 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    stripped = stripped.rstrip("0")
    return ("-" if mantissa.startswith("-") else "") + (_layout(stripped, point) if stripped else "0.0")


def _layout(digits: str, point: int) -> str:
    """Digits with the point behind the first `point` of them."""
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0") + ".0"
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1}"


def _parts(text: str) -> tuple[str, str, str | None, str | None]:
    match = _PARTS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no number")
    return match[1], match[2], match[3], match[4]


def _size(digits: str, fraction: str, exponent: int, largest: int) -> float:
    """A number without its sign, rounded step by step; `largest` is how far its digits are kept exactly."""
    value, significant = _whole(digits, largest)
    scale = 0
    for digit in fraction:
        if isinstance(value, int) and value <= _EXACT:
            value = value * 10 + int(digit)
        elif significant < _SIGNIFICANT:
            value = float(value) * 10.0 + int(digit)
        else:
            break
        scale -= 1
        significant += value > 0
    if exponent > _LARGEST_EXPONENT - scale:
        raise NumberTooBigError
    return _scaled(float(value), exponent + scale)


def _whole(digits: str, largest: int) -> tuple[int | float, int]:
    """The digits before the point, exactly as far as they fit, and how many count as significant."""
    fitting = len(digits)
    while int(digits[:fitting]) > largest:
        fitting -= 1
    value: int | float = int(digits[:fitting])
    for digit in digits[fitting:]:
        if value >= sys.float_info.max / 10:
            raise NumberTooBigError
        value = float(value) * 10 + int(digit)
    return value, fitting - 1


def _scaled(value: float, exponent: int) -> float:
    if exponent >= 0:
        return value * float(f"1e{exponent}")
    if exponent < -_LARGEST_EXPONENT:
        value, exponent = flushed(value / float(f"1e{_LARGEST_EXPONENT}")), exponent + _LARGEST_EXPONENT
    return 0.0 if exponent < -_LARGEST_EXPONENT else flushed(value / float(f"1e{-exponent}"))
