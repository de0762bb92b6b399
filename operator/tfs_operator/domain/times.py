"""Points in time as text and as seconds since the epoch, and durations that do not change with every look."""

from datetime import UTC, datetime

_ROUGH = ((86400, "a day"), (21600, "6 h"), (3600, "1 h"), (900, "15 min"), (300, "5 min"))


def rfc3339(epoch: float) -> str:
    """With milliseconds, in UTC: `2026-11-21T10:03:07.250Z`."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_seconds(seconds: float) -> str:
    """In UTC, without fractions: `2026-11-21T10:03:07Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: object) -> float:
    """The reverse of `rfc3339`, for any RFC 3339 time; 0.0 for what is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


def since(start: float, now: float) -> str:
    """`since 2026-11-21T10:03:07Z (over 5 min)`: changes a few times only, and not while a server just takes its time
    to start, so that a status that says it may rest."""
    begun = rfc3339_seconds(start)
    lasting = next((words for seconds, words in _ROUGH if now - start >= seconds), None)
    return f"since {begun}" + (f" (over {lasting})" if lasting else "")
