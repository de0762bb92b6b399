"""Times as Events and Leases have them."""

from datetime import datetime


def micro_time(time: datetime) -> str:
    """Returns a `MicroTime`: RFC 3339 with exactly six decimals. `time` is in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
