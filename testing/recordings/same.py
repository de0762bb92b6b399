"""Whether what a server answered is what was recorded.

To the byte, but for what differs between two runs of one server: folders, numbers of functions, and the order of an
object's members, which is random.
"""

import json
from dataclasses import replace

from testing.recordings.data import LongBody, RestCase, RestResponse
from testing.recordings.http_wire import Exchange
from testing.recordings.normalise import Normaliser


def recorded_exchange(case: RestCase, normaliser: Normaliser) -> Exchange:
    return Exchange(tuple(_comparable(response, normaliser) for response in case.responses), b"", case.closes)


def seen_exchange(exchange: Exchange, case: RestCase, normaliser: Normaliser) -> Exchange:
    """Returns it in the form that the recording has."""
    recorded = [response.body for response in case.responses]
    shortened = (_shortened(*pair) for pair in zip(exchange.responses, recorded, strict=False))
    return replace(exchange, responses=tuple(_comparable(response, normaliser) for response in shortened))


def _shortened(response: RestResponse, recorded: bytes | LongBody) -> RestResponse:
    if isinstance(recorded, bytes) or isinstance(response.body, LongBody):
        return response
    body = LongBody.of(response.body, len(recorded.start))
    if body.length == recorded.length and _has_members(response.body):
        body = recorded
    return replace(response, body=body)


def _has_members(body: bytes) -> bool:
    """Whether an object in it has several members, so that neither start nor hash can be compared."""
    document = _parsed(body)
    return isinstance(document, dict) and any(isinstance(value, dict) for value in document.values())


def _comparable(response: RestResponse, normaliser: Normaliser) -> RestResponse:
    """Puts JSON's members in order, and its length behind it, so that other white space is a difference."""
    if isinstance(response.body, LongBody):
        return response
    content = normaliser.content(response.body)
    document = _parsed(content)
    text = content if document is None else f"{json.dumps(document, sort_keys=True)} {len(content)}".encode()
    return replace(response, body=text)


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content.decode("latin-1"))
    except (ValueError, RecursionError):
        return None
