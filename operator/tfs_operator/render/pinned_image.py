"""What an upgrade of the operator leaves as it is: it would replace every pod."""

from dataclasses import replace

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.drift import holds
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.tls import CONTAINER_NAME as TLS_NAME
from tfs_operator.render.agent import AGENT_NAMES
from tfs_operator.render.deployment import deployment
from tfs_operator.render.settings import Settings


def pinned_settings(
    live: Manifest | None,
    tfmodel: TFModel,
    committed: ModelServerConfig,
    settings: Settings,
    attempt: str | None,
    renewal: str | None = None,
) -> Settings:
    """`settings`, with the operator's image of the live Deployment where nothing else would change: a new image comes
    with the next change that replaces the pods anyway."""
    image = _operator_image(live)
    if live is None or image is None or image == settings.fetcher_image:
        return settings
    kept = replace(settings, fetcher_image=image)
    desired = deployment(tfmodel, committed, kept, attempt, renewal)
    return kept if holds(live["spec"]["template"], desired["spec"]["template"]) else settings


def _operator_image(live: Manifest | None) -> str | None:
    template = (live or {}).get("spec", {}).get("template", {}).get("spec", {})
    ours = (*AGENT_NAMES, TLS_NAME)
    images = [each["image"] for each in template.get("initContainers", []) if each["name"] in ours]
    return images[0] if images else None
