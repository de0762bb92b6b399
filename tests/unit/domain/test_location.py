"""A model's URI becomes the base path that the model server is given."""

from pathlib import PurePosixPath
from typing import Any

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


def shared(uri: str, **storage: Any) -> str:
    """The base path on a claim that several TFModels use."""
    settings = {"cache": {"persistentVolumeClaim": "models"}, **storage}
    return remotes("m", TFModelSpec.model_validate({"modelUri": uri, "storage": settings}))["m"].base_path


@pytest.mark.parametrize(
    "uri", ["s3://models/mnist", "gs://1/a", "hf://o/r@v1/m", "oci://r:5/m:v1", "https://a:1/m.zip"]
)
def test_a_shared_cache_has_it_where_an_earlier_release_had_it(uri: str) -> None:
    assert shared(uri) == f"/models/store/{uri.replace('://', '/')}"


@pytest.mark.parametrize("uri", ["s3://b/m", "gs://b/m", "az://acc/c/m", "hf://o/r"])
def test_the_same_uri_of_another_store_has_a_folder_of_its_own(uri: str) -> None:
    endpoints = [
        "http://minio.a.svc:9000",
        "http://minio.b.svc:9000",
        "https://minio.a.svc:9000",
        "https://h/a",
        "https://h/b",
    ]
    found = [shared(uri, endpoint=endpoint) for endpoint in endpoints]
    assert len({shared(uri), *found}) == 6
    assert shared(uri, endpoint="https://h/a/") == shared(uri, endpoint="https://h/a")
    assert "@minio.a.svc-" in found[0]


@pytest.mark.parametrize("uri", ["https://h/m.zip", "oci://r:5/m:v1"])
def test_a_uri_that_names_its_host_is_in_one_store_only(uri: str) -> None:
    assert shared(uri, endpoint="http://r:5") == shared(uri)


def test_an_endpoint_in_the_environment_is_another_store_too() -> None:
    def by(name: str, **source: Any) -> str:
        return shared("s3://b/m", env=[{"name": name, **source}])

    found = {by("AWS_ENDPOINT_URL", value="http://a"), by("AWS_ENDPOINT_URL", value="http://b"), shared("s3://b/m")}
    assert len(found) == 3
    assert by("HTTPS_PROXY", value="http://a") == by("GOOGLE_BASE_URL", value="http://a") == shared("s3://b/m")
    secret = by("AWS_ENDPOINT_URL_S3", valueFrom={"secretKeyRef": {"name": "s3", "key": "url"}})
    assert secret not in found


def test_a_volume_of_the_pods_own_needs_neither() -> None:
    spec = {"modelUri": "s3://b/m/1", "storage": {"endpoint": "http://a"}}
    assert remotes("m", TFModelSpec.model_validate(spec))["m"].base_path == "/models/store/s3/b/m/1"


@pytest.mark.parametrize(
    "inner", ["1", "007", "9" * 30, "+1", "-1", ".fetching-1", ".work-pod-a", ".holders", "1/a", "a/1"]
)
def test_no_base_path_lies_in_a_version_of_another_one_or_in_a_hidden_folder(inner: str) -> None:
    """TensorFlow Serving takes every number for a version, whatever its form."""
    for outer in ("s3://b", "s3://b/m", "s3://b/m/a"):
        part = PurePosixPath(shared(f"{outer}/{inner}")).relative_to(shared(outer)).parts[0]
        assert not part.lstrip("+-").isdigit()
        assert not part.startswith(".")


def test_no_two_uris_have_one_folder() -> None:
    uris = ["s3://b/1", "s3://b/01", "s3://b/_1", "s3://b/~1", "s3://b/=1", "s3://b/@1", "s3://b/a/1", "s3://b/a1"]
    assert len({shared(uri) for uri in uris}) == len(uris)
