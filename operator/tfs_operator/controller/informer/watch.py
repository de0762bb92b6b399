"""The only use of kopf: it watches TFModels, and passes their events to a `WatchHandler`.

Handlers other than `on.event` would make kopf write finalizers and annotations, `index` is quadratic, and
`worker_limit` can deadlock (docs/design/kopf.md). A handler here never fails and returns nothing: kopf would
neither retry it, nor keep a returned value to itself.

kopf ends altogether over an answer that it does not expect: it is started anew, and what it may have missed meanwhile
is looked for. It watches through an HTTP session of ours (`tap`).
"""

import asyncio
import functools
import itertools
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import kopf
from kubernetes.aio.client import Configuration

from tfs_operator.api.identity import GROUP, PLURAL, VERSION
from tfs_operator.cluster.client import SILENCE_SECONDS
from tfs_operator.cluster.decoding import Decoder
from tfs_operator.controller.informer.tap import Tap, WatchHandler
from tfs_operator.controller.informer.throttle import Throttle
from tfs_operator.controller.kinds import TFMODEL
from tfs_operator.domain.backoff import delay

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_MAX_FAILURES = 20
"""One after the other, without a minute of watching between them: nearly two minutes. Then the process ends."""
_HEALTHY_SECONDS = 60.0
_STOP_TRIES = 3
_STOP_SECONDS = 3.0
_KOPF = str(Path(kopf.__file__).parent)

log = logging.getLogger(__name__)


async def watch(
    configuration: Configuration,
    namespaces: Sequence[str],
    handler: WatchHandler,
    install_signals: Callable[[], None],
    decoder: Decoder,
) -> None:
    """Watches until it is cancelled. Raises what breaks it, again and again. kopf takes the process's signal handlers,
    without a way to stop it; `install_signals` is called to take them back."""
    throttle, failures = Throttle(), 0
    while True:
        began = time.monotonic()
        try:
            await _watch(configuration, namespaces, Tap(namespaces, handler, throttle, decoder), install_signals)
        except Exception as error:  # whatever kopf does not expect from an API server, or from a proxy before it
            failures = 1 if time.monotonic() - began > _HEALTHY_SECONDS else failures + 1
            if failures >= _MAX_FAILURES:
                raise
            pause = delay(failures, _FIRST_PAUSE, _LONGEST_PAUSE)
            log.warning("watching ended: %r; watching anew in %.1f s", error, pause)
            await asyncio.sleep(pause)


async def _watch(
    configuration: Configuration, namespaces: Sequence[str], tap: Tap, install_signals: Callable[[], None]
) -> None:
    """`kopf.operator` would do, but it cancels every task of the process in the end."""
    tasks = await kopf.spawn_tasks(
        registry=_registry(configuration, tap),
        settings=_settings(),
        standalone=True,
        clusterwide=not namespaces,
        namespaces=list(namespaces),
        # Else kopf asks for the user's name, and a container's user has none.
        identity="tfs-operator",  # type: ignore[arg-type]  # a NewType of str that kopf keeps to itself
    )
    install_signals()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise RuntimeError("kopf ended without saying why")
    finally:
        await _stop_kopf(tasks)
        await tap.close()


async def _stop_kopf(roots: Collection["asyncio.Task[Any]"]) -> None:
    """First those that end others, then what is left: the watches of a kopf that failed would go on beside the next
    one's. It takes two seconds to end the handlers of single objects, and may miss a cancellation meanwhile."""
    await _stop(set(roots))
    await _stop({task for task in _kopfs_tasks() if getattr(task.get_coro(), "__name__", "") == "guard"})
    for _ in range(_STOP_TRIES):
        await _stop(_kopfs_tasks())


async def _stop(tasks: set["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        done, _ = await asyncio.wait(tasks, timeout=_STOP_SECONDS)
        for task in done:
            _ = task.cancelled() or task.exception()  # what it ended by is known, or of no interest any more


def _kopfs_tasks() -> set["asyncio.Task[Any]"]:
    """Of this event loop, by the file that their coroutines are written in."""
    codes = {task: getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()}
    return {task for task, code in codes.items() if code is not None and code.co_filename.startswith(_KOPF)}


def _registry(configuration: Configuration, tap: Tap) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(functools.partial(_login, configuration, tap))
    kopf.on.event(GROUP, VERSION, PLURAL, id="watch", registry=registry)(functools.partial(_on_event, tap.handler))
    return registry


async def _on_event(handler: WatchHandler, *, event: Any, **_: Any) -> None:
    handler.ingest(event["type"], {**event["object"], "kind": TFMODEL})


async def _login(configuration: Configuration, tap: Tap, **__: Any) -> kopf.AiohttpSession:
    """The same credentials as our own client's; kopf asks again when a token is refused."""
    authorization = await configuration.get_api_key_with_prefix("BearerToken")
    tls = kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
    )
    session = tap.session(authorization, tls.as_ssl_context())
    return kopf.AiohttpSession(server=configuration.host, aiohttp_session=session)


class _EverSlower:
    """Pauses between tries of one request, in seconds: without an end, since a watch has nothing else to do."""

    def __iter__(self) -> Iterator[float]:
        return (delay(failures, _FIRST_PAUSE, _LONGEST_PAUSE) for failures in itertools.count(1))


class _NoDiffs(kopf.DiffBaseStorage):
    """kopf copies and searches each object for what its other handlers compare, which costs more than all that our own
    handler does. This storage knows of nothing, so nothing differs."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None: ...

    def store(self, **_: Any) -> None: ...


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.persistence.diffbase_storage = _NoDiffs()
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.process.ultimate_exiting_timeout = None  # else SIGKILL, ten minutes after it was started anew
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.inactivity_timeout = SILENCE_SECONDS
    settings.watching.chunk_size = 500
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = _EverSlower()
    return settings
