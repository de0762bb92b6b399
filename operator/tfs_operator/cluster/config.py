"""Where the API server is and how we prove who we are: a pod's service account, or a kubeconfig."""

import os
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import DummyCookieJar
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_incluster_config, load_kube_config

from .errors import ClusterError

REFRESH_SECONDS = 60.0
"""How long a kubeconfig's credentials are trusted; as long as the library trusts a service account's token."""


async def load(kubeconfig: str | None) -> ApiClient:
    """Returns an ApiClient from `kubeconfig`; without one from the pod's service account; else from the default file.

    Tokens that rotate keep working: the library reads a service account's token anew every minute, and a
    kubeconfig's (token file, exec plugin, OIDC) is read anew here, which the library leaves to its caller.

    Raises ClusterError with what is wrong with the configuration.
    """
    # Else aiohttp would read the proxies of the environment, and ~/.netrc, in threads and for each single request: a
    # third of what the operator costs (docs/performance.md). No API server sets cookies.
    configuration = Configuration(client_session_kwargs={"trust_env": False, "cookie_jar": DummyCookieJar()})
    # No bound of its own: each watch keeps a connection, and workers bound the rest.
    configuration.connection_pool_maxsize = 0
    try:
        if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the library leaves it bare
        else:
            await _load_file(kubeconfig, configuration)
    except Exception as error:  # whatever YAML, a malformed file or an exec plugin makes the library raise
        raise ClusterError(f"cannot reach a cluster: {error}") from error
    configuration.proxy = configuration.proxy or _proxy(configuration.host)
    return ApiClient(configuration=configuration)


async def _load_file(kubeconfig: str | None, configuration: Configuration) -> None:
    loader = await load_kube_config(  # type: ignore[no-untyped-call]  # the library leaves it bare
        config_file=kubeconfig, client_configuration=configuration, persist_config=False
    )
    hook = _refresher(loader.load_and_set, time.monotonic)
    configuration.refresh_api_key_hook = hook  # type: ignore[assignment]  # initialised, hence typed, as None


def _proxy(server: str) -> str | None:
    """As HTTPS_PROXY and NO_PROXY say."""
    url = urlsplit(server)
    return None if proxy_bypass(url.netloc) else getproxies().get(url.scheme)


def _refresher(
    load_and_set: Callable[[Configuration], Awaitable[None]], clock: Callable[[], float]
) -> Callable[[Configuration], Awaitable[None]]:
    """A hook that the library awaits before every request that bears a token; mostly it does nothing."""
    loaded_at = clock()

    async def refresh(configuration: Configuration) -> None:
        nonlocal loaded_at
        if clock() - loaded_at >= REFRESH_SECONDS:
            loaded_at = clock()
            await load_and_set(configuration)

    return refresh
