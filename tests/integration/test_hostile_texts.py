"""Both halves of every rule, on the same hostile texts: what one takes the other takes too.

The unit tests show that what is taken can do no harm (tests/unit/render/test_injection.py).
"""

from collections.abc import Iterator

from testing.api_client import Api, Manifest, Refused
from testing.hostile import one_by_one
from tfs_operator.api.resource import InvalidTFModel, TFModel

EVERY = 3
"""Of some five thousand: each place meets a third of the texts, and each text a third of the places."""


def chosen() -> Iterator[Manifest]:
    for number, manifest in enumerate(one_by_one()):
        if number % EVERY == 0:
            manifest["metadata"] = {"name": "mnist", "namespace": "default"}
            yield manifest


def python_says(manifest: Manifest) -> str:
    try:
        TFModel.parse(manifest)
    except InvalidTFModel as error:
        return str(error)
    return ""


def api_server_says(api: Api, manifest: Manifest) -> str:
    try:
        api.create(manifest, "?dryRun=All&fieldValidation=Strict")
    except Refused as refusal:
        if refusal.status not in (400, 422):
            raise
        return refusal.message
    return ""


def test_both_say_the_same(api: Api) -> None:
    taken = 0
    for manifest in chosen():
        ours, theirs = python_says(manifest), api_server_says(api, manifest)
        assert bool(ours) == bool(theirs), (manifest["spec"], ours, theirs)
        taken += not ours
    assert taken > 300, "else little would be shown"
