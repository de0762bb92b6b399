"""The pages for users: what can be copied from them is valid, and what they point to is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.docs.pages import PAGES
from tfs_operator.api.conditions import Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.api.schemes import SCHEMES
from tfs_operator.api.storage import Storage
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.domain.policy import Allowed
from tfs_operator.fetcher.saved_model.version_listing import MAX_FILES
from tfs_operator.render import Settings, children

ROOT = Path(__file__).parents[3]
MODELS = PAGES["docs/models.md"]
SECRET_TYPES = {"kubernetes.io/basic-auth", "kubernetes.io/dockerconfigjson"}

Manifest = dict[str, Any]


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


BLOCKS = {
    f"{page}-{number}": list(yaml.safe_load_all(text))
    for page in PAGES
    for number, text in enumerate(fenced(page, "yaml"), start=1)
}
each_block = pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())


def manifests(kind: str) -> list[Manifest]:
    return [manifest for block in BLOCKS.values() for manifest in block if manifest["kind"] == kind]


@each_block
def test_an_example_can_be_applied_as_it_is(block: list[Manifest]) -> None:
    assert {manifest["kind"] for manifest in block} <= {"TFModel", "Secret", "ConfigMap"}
    for manifest in block:
        if manifest["kind"] == "TFModel":
            tfmodel = TFModel.parse(manifest)
            config = aspired_config(tfmodel.metadata.name, tfmodel.spec)
            assert children(tfmodel, config, Settings(allowed=Allowed(hostpath=True)))
        else:
            assert manifest["apiVersion"] == "v1"
            assert all(isinstance(text, str) for text in (manifest.get("stringData") or manifest["data"]).values())


@each_block
def test_a_secret_or_a_config_map_is_the_one_that_its_model_names(block: list[Manifest]) -> None:
    storages = [manifest["spec"].get("storage", {}) for manifest in block if manifest["kind"] == "TFModel"]
    named = {("Secret", storage["secretRef"]["name"]) for storage in storages if "secretRef" in storage}
    named |= {("ConfigMap", storage["caBundle"]["name"]) for storage in storages if "caBundle" in storage}
    rollouts = [manifest["spec"].get("rollout", {}) for manifest in block if manifest["kind"] == "TFModel"]
    verifies = [rollout["verify"] for rollout in rollouts if "configMap" in rollout.get("verify", {})]
    named |= {("ConfigMap", verify["configMap"]["name"]) for verify in verifies}
    assert {(each["kind"], each["metadata"]["name"]) for each in block if each["kind"] != "TFModel"} <= named


def test_every_key_of_an_example_secret_is_one_that_the_api_names() -> None:
    described = Storage.model_fields["secret_ref"].description or ""
    secrets = manifests("Secret")
    assert len(secrets) >= 5
    assert [key for secret in secrets for key in secret["stringData"] if f"`{key}`" not in described] == []
    assert {secret["type"] for secret in secrets if "type" in secret} <= SECRET_TYPES


def test_the_page_on_models_has_an_example_of_every_scheme() -> None:
    shown = {manifest["spec"]["modelUri"].partition("://")[0] for manifest in manifests("TFModel")}
    assert shown == {scheme.name for scheme in SCHEMES}


def test_the_table_of_schemes_leads_to_sections_of_the_page() -> None:
    headings = re.findall("^#+ (.*)$", MODELS, re.MULTILINE)
    anchors = {re.sub("[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {scheme.section for scheme in SCHEMES} <= anchors


def test_the_reasons_on_the_page_on_models_exist() -> None:
    [table] = re.findall(r"^\| what happened \|.*\n\|[-|]*\n((?:\|.*\n)+)", MODELS, re.MULTILINE)
    reasons = [row.split(" | ")[1] for row in table.splitlines()]
    assert len(reasons) >= 6
    assert set(reasons) <= set(Reason)


def test_the_page_on_models_has_the_limits_that_hold() -> None:
    assert f"| files in the version folders of one base path | {MAX_FILES:,} |" in MODELS
    assert f"every `pollIntervalSeconds` ({Storage().poll_interval_seconds})" in MODELS
    assert f"{30 * 24 * 3600 // Storage().poll_interval_seconds:,} list requests in 30 days" in MODELS


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]+)?\)", PAGES[page])
    for path, anchor in links:
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), path
        assert not anchor or anchor.removeprefix("#") in anchors(target.read_text()), anchor


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
