"""The target of a request as the real server takes it apart, with the rules of RFC 3986.

(libevent's evhttp_uri_parse)
"""

import re
from dataclasses import dataclass

_CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
_PATH = rf"(?:{_CHARACTER}|[:@/])*"
_AUTHORITY = rf"(?:(?:{_CHARACTER}|:)*@)?(?:\[[0-9A-Fa-f:.]*\]|{_CHARACTER}*)(?::\d*)?"
_URI = re.compile(
    rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):)?(?://(?P<authority>{_AUTHORITY})(?=[/?#]|$))?"
    rf"(?P<path>{_PATH})(?:\?(?P<query>(?:{_CHARACTER}|[:@/?])*))?(?:#(?P<fragment>(?:{_CHARACTER}|[:@/?])*))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Uri:
    """`path` is without, `whole` with query and fragment; neither has the host of a whole URL."""

    path: str
    whole: str


def parse_uri(target: str) -> Uri | None:
    """Returns what a target names, or None if it is no URI, as with a quote or a letter beyond ASCII in it."""
    match = _URI.fullmatch(target)
    if match is None or (match["scheme"] is None and ":" in match["path"].partition("/")[0]):
        return None
    query = "" if match["query"] is None else "?" + match["query"]
    fragment = "" if match["fragment"] is None else "#" + match["fragment"]
    return Uri(match["path"], match["path"] + query + fragment)
