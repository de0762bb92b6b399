"""What an upgrade of the operator leaves as it is: it would replace every pod."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.drift import holds
from tfs_operator.render.settings import Settings

_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""Set by `kubectl rollout restart` on the template of the pods."""


def pinned_settings(
    live: Manifest | None, recorded: Mapping[str, Any], settings: Settings, rendered: Callable[[Settings], Manifest]
) -> Settings:
    """Returns `settings`, with the image that pods were given before where nothing else would change: a new one comes
    with the next change that replaces the pods anyway, such as `kubectl rollout restart`. `recorded` is `status.agent`:
    only what the operator has chosen itself is kept, and not whatever is there. `rendered` gives the Deployment."""
    image = recorded.get("image", "")
    if live is None or not image or settings.update_agents_at_once or _restarted(live, recorded):
        return settings
    kept = replace(settings, fetcher_image=image)
    return kept if holds(live["spec"]["template"], rendered(kept)["spec"]["template"]) else settings


def agent_record(live: Manifest | None, settings: Settings) -> dict[str, str]:
    """Returns `status.agent` for pods that are made with `settings`."""
    return {"image": settings.fetcher_image, "restartedAt": _restarted_at(live or {})}


def _restarted(live: Manifest, recorded: Mapping[str, Any]) -> bool:
    return _restarted_at(live) != str(recorded.get("restartedAt", ""))


def _restarted_at(live: Manifest) -> str:
    template = live.get("spec", {}).get("template", {})
    return str((template.get("metadata", {}).get("annotations") or {}).get(_RESTARTED_AT, ""))[:64]
