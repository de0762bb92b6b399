"""Keeps track of the bytes of a file that have arrived, as ranges from an offset up to and without another."""

ByteRange = tuple[int, int]


def joined(ranges: list[ByteRange], new: ByteRange) -> list[ByteRange]:
    """Returns `ranges`, in ascending order and apart from each other, with `new` among them."""
    start, end = new
    apart = [byte_range for byte_range in ranges if byte_range[1] < start or byte_range[0] > end]
    touched = [byte_range for byte_range in ranges if not (byte_range[1] < start or byte_range[0] > end)]
    whole = (
        min([start, *(byte_range[0] for byte_range in touched)]),
        max([end, *(byte_range[1] for byte_range in touched)]),
    )
    return sorted([*apart, whole])


def missing(ranges: list[ByteRange], size: int, part: int) -> list[ByteRange]:
    """Returns what lacks in a file of `size` bytes, in pieces of at most `part`."""
    gaps: list[ByteRange] = []
    reached = 0
    for start, end in [*ranges, (size, size)]:
        gaps += [(at, min(at + part, start)) for at in range(reached, start, part)]
        reached = max(reached, end)
    return gaps
