"""TLS for gRPC: who sees the Secret, who sees the file."""

from tests.unit.render.rendering import container, pod_spec, rendered, tfmodel
from tfs_operator.render import Settings

SETTINGS = Settings(fetcher_image="example/operator:1")
WITH = rendered(tfmodel(server={"tls": {"secretName": "mnist-tls"}}), SETTINGS)
WITHOUT = rendered(tfmodel(), SETTINGS)


def test_without_it_nothing_of_it_is_there() -> None:
    assert [each["name"] for each in pod_spec(WITHOUT)["initContainers"]] == ["agent"]
    assert not any("ssl" in flag for flag in container(WITHOUT)["args"])


def test_the_server_reads_the_file_that_the_init_container_writes() -> None:
    tls, _ = pod_spec(WITH)["initContainers"]
    [written] = [flag.partition("=")[2] for flag in tls["args"] if flag.startswith("--output=")]
    assert f"--ssl_config_file={written}" in container(WITH)["args"]
    writable = {mount["mountPath"]: mount["name"] for mount in tls["volumeMounts"] if not mount.get("readOnly")}
    [mount] = [mount for mount in container(WITH)["volumeMounts"] if mount["name"] == "tls"]
    assert writable == {mount["mountPath"]: "tls"}
    assert mount["readOnly"] is True
    assert written.startswith(f"{mount['mountPath']}/")


def test_the_key_is_kept_in_memory_and_from_the_server_in_any_other_form() -> None:
    volumes = {volume["name"]: volume for volume in pod_spec(WITH)["volumes"]}
    assert volumes["tls"]["emptyDir"]["medium"] == "Memory"
    assert "tls-secret" not in [mount["name"] for mount in container(WITH)["volumeMounts"]]


def test_a_secret_that_is_missing_does_not_keep_the_pod_from_starting_for_it_is_said_by_us() -> None:
    [secret] = [volume["secret"] for volume in pod_spec(WITH)["volumes"] if "secret" in volume]
    assert (secret["secretName"], secret["optional"]) == ("mnist-tls", True)
    assert [item["key"] for item in secret["items"]] == ["tls.crt", "tls.key"]


def test_it_runs_by_the_operators_image_under_the_restricted_standard() -> None:
    tls, _ = pod_spec(WITH)["initContainers"]
    assert (tls["image"], tls["command"]) == ("example/operator:1", ["tfs-operator", "tls"])
    assert tls["securityContext"] == container(WITH)["securityContext"]


def test_it_comes_before_the_fetcher() -> None:
    model = tfmodel(modelUri="s3://models/mnist", server={"tls": {"secretName": "mnist-tls"}})
    assert [each["name"] for each in pod_spec(rendered(model, SETTINGS))["initContainers"]] == ["tls", "fetcher"]


def test_probes_are_as_without_it() -> None:
    """REST is never over TLS; the liveness probe opens a connection and no more."""
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container(WITH)[probe] == container(WITHOUT)[probe]
