"""Names that are reserved for children of other TFModels: refused for new objects, served for stored ones."""

import pytest

from testing.schema.name_cases import RESERVED
from tests.unit.api.specs import URI, manifest, problems
from tfs_operator.api.crd import custom_resource_definition
from tfs_operator.api.resource import RESERVED_NAME_RULE, TFModel
from tfs_operator.api.rules import Rule, cel_extension

RULES = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["x-kubernetes-validations"]


def test_a_new_tfmodel_cannot_have_the_name_of_another_ones_headless_service() -> None:
    assert problems(manifest("shop-headless", modelUri=URI)) == [f"metadata.name: {RESERVED}"]


@pytest.mark.parametrize("name", ["shop-headless", "shop-headless-headless"])
def test_a_stored_tfmodel_of_such_a_name_is_served_as_before(name: str) -> None:
    stored = manifest(name, modelUri=URI)
    stored["metadata"]["uid"] = "7"
    assert TFModel.parse(stored).metadata.name == name


def test_a_stored_tfmodel_still_keeps_the_rules_for_every_name() -> None:
    stored = manifest("Shop-headless", modelUri=URI)
    stored["metadata"]["uid"] = "7"
    [problem] = problems(stored)
    assert problem.startswith("metadata.name: metadata.name names the Service too")


def test_the_api_server_asks_the_rule_of_new_objects_only() -> None:
    [rule] = [rule for rule in RULES if rule["message"] == RESERVED_NAME_RULE.message]
    assert rule["rule"] == "oldSelf.hasValue() || (!self.metadata.name.endsWith('-headless'))"
    assert rule["optionalOldSelf"] is True


def test_a_rule_for_every_object_knows_nothing_of_what_was_stored() -> None:
    assert cel_extension((Rule("c", bool, "m"),)) == {"x-kubernetes-validations": [{"rule": "c", "message": "m"}]}
    others = [rule for rule in RULES if rule["message"] != RESERVED_NAME_RULE.message]
    assert others
    assert not [rule for rule in others if "optionalOldSelf" in rule or "oldSelf" in rule["rule"]]
