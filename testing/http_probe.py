"""Probes an HTTP server once."""

import urllib.error
import urllib.request


def answers(url: str, seconds: float = 2.0) -> bool:
    """Whether an answer of any status arrives in time."""
    return status(url, seconds) is not None


def is_well(url: str, seconds: float = 2.0) -> bool:
    """Whether a readiness probe of the URL would succeed: an answer of 200, in time."""
    return status(url, seconds) == 200


def status(url: str, seconds: float = 2.0) -> int | None:
    """The HTTP status, or None when no answer arrives."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None
