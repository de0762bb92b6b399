"""The only use of kopf: it watches, and hands each event to `ingest`.

Handlers other than `on.event` would make kopf write finalizers and annotations, `index` is quadratic, and
`worker_limit` can deadlock (docs/design/kopf.md). A handler here never fails and returns nothing: kopf would
neither retry it, nor keep a returned value to itself.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import kopf
from kubernetes.aio.client import Configuration

from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.controller.kinds import WATCHED_KINDS, label_selector

Ingest = Callable[[str | None, dict[str, Any]], None]
"""(type, object): the type is None for what was there before, else ADDED, MODIFIED or DELETED."""


async def watch(configuration: Configuration, ingest: Ingest, ready: Any, kinds: Sequence[str] = WATCHED_KINDS) -> None:
    """Watches until the process is told to stop (SIGINT, SIGTERM) or a watch breaks for good, as that of a kind does
    whose CustomResourceDefinition is deleted."""
    await kopf.operator(
        registry=_registry(configuration, ingest, kinds),
        settings=_settings(kinds),
        standalone=True,
        clusterwide=True,
        # Else kopf asks for the user's name, and a container's user has none.
        identity="tfs-operator",  # type: ignore[arg-type]  # a NewType of str that kopf keeps to itself
        ready_flag=ready,
    )


def _registry(configuration: Configuration, ingest: Ingest, kinds: Sequence[str]) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(functools.partial(_login, configuration))
    for kind in kinds:
        group, version = _group_version(kind)
        handler = functools.partial(_on_event, kind, ingest)
        kopf.on.event(group, version, RESOURCES[kind].plural, id=f"watch-{kind}", registry=registry)(handler)
    return registry


def _group_version(kind: str) -> tuple[str, str]:
    group, _, version = RESOURCES[kind].api_version.rpartition("/")
    return group, version


async def _on_event(kind: str, ingest: Ingest, *, event: Any, **_: Any) -> None:
    ingest(event["type"], {**event["object"], "kind": kind})


async def _login(configuration: Configuration, **__: Any) -> kopf.ConnectionInfo:
    """The same credentials as our own client's; kopf asks again when a token is refused."""
    authorization = await configuration.get_api_key_with_prefix("BearerToken") or ""
    scheme, _, token = authorization.rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )


def _settings(kinds: Sequence[str]) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.chunk_size = 500
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    for kind in kinds:
        if selector := label_selector(kind):
            group, version = _group_version(kind)
            settings.watching.label_selectors[group, version, RESOURCES[kind].plural] = selector
    return settings
