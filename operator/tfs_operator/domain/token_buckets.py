"""Bounds how often something is done for each of many keys: a burst at once, then so many a second."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass
class TokenBuckets(Generic[K]):
    """One bucket a key, full at first. A bucket that has not been used for longest is forgotten when there are `most`;
    it would be full again by then, or is the price of a bound on memory."""

    burst: float
    per_second: float
    most: int = 10_000
    _filled: OrderedDict[K, tuple[float, float]] = field(default_factory=OrderedDict)
    """Tokens, and the time at which there were so many."""

    def take(self, key: K, now: float) -> float:
        """Takes a token and returns 0, or takes none and returns in how many seconds there will be one. `now` is a time
        in seconds that never goes back."""
        tokens, since = self._filled.get(key, (self.burst, now))
        tokens = min(self.burst, tokens + (now - since) * self.per_second)
        taken = tokens >= 1
        self._filled[key] = (tokens - 1 if taken else tokens, now)
        self._filled.move_to_end(key)
        if len(self._filled) > self.most:
            self._filled.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self.per_second
