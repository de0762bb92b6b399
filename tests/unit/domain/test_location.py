"""A model's URI becomes the base path that the model server is given."""

import pytest

from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.location import Claim, ImagePath, Location, NodePath, Remote, locate, locations, remotes


@pytest.mark.parametrize(
    ("uri", "location", "base_path"),
    [
        ("pvc://models/mnist", Claim("models", "mnist"), "/models/pvc/models/mnist"),
        ("pvc://models/vision/mnist", Claim("models", "vision/mnist"), "/models/pvc/models/vision/mnist"),
        ("pvc://a.b-c/m", Claim("a.b-c", "m"), "/models/pvc/a.b-c/m"),
        ("file:///models/mnist", ImagePath("models/mnist"), "/models/mnist"),
        ("hostpath:///srv/mnist", NodePath("srv/mnist"), "/models/hostpath/srv/mnist"),
        ("s3://models/mnist", Remote("s3", "models/mnist"), "/models/store/s3/models/mnist"),
        ("az://acc/models/a/b", Remote("az", "acc/models/a/b"), "/models/store/az/acc/models/a/b"),
        ("https://a:1/m.zip", Remote("https", "a:1/m.zip"), "/models/store/https/a:1/m.zip"),
        ("hf://o/r@v1/m", Remote("hf", "o/r@v1/m"), "/models/store/hf/o/r@v1/m"),
        ("oci://r:5/m:v1", Remote("oci", "r:5/m:v1"), "/models/store/oci/r:5/m:v1"),
    ],
)
def test_each_scheme_has_a_place(uri: str, location: Location, base_path: str) -> None:
    assert locate(uri) == location
    assert location.base_path == base_path


@pytest.mark.parametrize("uri", ["pvc://models/mnist", "file:///mnist", "hostpath:///mnist", "s3://models/mnist"])
def test_a_slash_at_the_end_says_nothing(uri: str) -> None:
    assert locate(f"{uri}/") == locate(uri)


def test_a_claim_that_is_copied_is_fetched_from() -> None:
    storage = {"copy": True}
    models = [{"name": "a", "modelUri": "pvc://c/x/a"}, {"name": "b", "modelUri": "s3://c/b"}]
    for spec in ({"modelUri": "pvc://c/x/a"}, {"models": models}):
        found = remotes("a", TFModelSpec.model_validate({**spec, "storage": storage}))["a"]
        assert found == Remote("pvc", "c/x/a")
        assert (found.uri, found.base_path) == ("pvc://c/x/a", "/models/store/pvc/c/x/a")
        assert found.claim == Claim("c", "x/a")
    assert Remote("s3", "c/b").claim is None


def test_the_whole_claim_is_mounted() -> None:
    assert Claim("models", "a/b").mount_path == "/models/pvc/models"


def test_a_scheme_that_the_api_would_have_refused_is_an_error() -> None:
    with pytest.raises(ValueError, match="modelUri: unknown scheme in 'ftp://bucket/m'"):
        locate("ftp://bucket/m")


def test_the_one_model_has_the_name_of_the_tfmodel() -> None:
    spec = TFModelSpec.model_validate({"modelUri": "file:///m"})
    assert locations("mnist", spec) == {"mnist": ImagePath("m")}


def test_several_models_have_their_own_names_in_the_order_of_the_spec() -> None:
    models = [{"name": "b", "modelUri": "file:///b"}, {"name": "a", "modelUri": "pvc://c/a"}]
    spec = TFModelSpec.model_validate({"models": models})
    assert list(locations("mnist", spec).items()) == [("b", ImagePath("b")), ("a", Claim("c", "a"))]


def test_a_spec_without_any_model_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither modelUri nor models"):
        locations("mnist", TFModelSpec.model_construct(model_uri=None, models=None))


@pytest.mark.parametrize("uri", ["s3://models/mnist", "gs://models", "oci://r:5/m:v1"])
def test_what_is_fetched_keeps_its_uri(uri: str) -> None:
    spec = TFModelSpec.model_validate(
        {"models": [{"name": "a", "modelUri": "file:///a"}, {"name": "b", "modelUri": uri}]}
    )
    assert {name: remote.uri for name, remote in remotes("x", spec).items()} == {"b": uri}
