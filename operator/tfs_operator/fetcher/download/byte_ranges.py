"""Which bytes of a file have arrived, as spans from an offset up to and without another."""

Span = tuple[int, int]


def joined(spans: list[Span], new: Span) -> list[Span]:
    """`spans`, in ascending order and apart from each other, with `new` among them."""
    start, end = new
    apart = [span for span in spans if span[1] < start or span[0] > end]
    touched = [span for span in spans if not (span[1] < start or span[0] > end)]
    whole = (min([start, *(span[0] for span in touched)]), max([end, *(span[1] for span in touched)]))
    return sorted([*apart, whole])


def missing(spans: list[Span], size: int, part: int) -> list[Span]:
    """What lacks in a file of `size` bytes, in pieces of at most `part`."""
    gaps: list[Span] = []
    reached = 0
    for start, end in [*spans, (size, size)]:
        gaps += [(at, min(at + part, start)) for at in range(reached, start, part)]
        reached = max(reached, end)
    return gaps
