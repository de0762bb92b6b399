"""hack/release.py: what the release workflow makes of the tree."""

import pytest
import yaml

from hack import release

DIGEST = f"sha256:{'ab' * 32}"
REPOSITORY = "registry.example.com/ml/tfs-operator"
SERVERS = [f"{image}@{DIGEST}" for image in release.server_images().values()]
BASE = f"python:3.13-slim@{DIGEST}"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-01

### Added
- A thing.

## [1.0.0] - 2026-11-01
- Everything.

[1.1.0]: https://example.com/1.1.0
"""


def test_the_published_chart_installs_exactly_the_image_that_was_built(chart, tmp_path):
    release.chart(REPOSITORY, DIGEST, SERVERS, tmp_path / "tfs-operator")
    published = type(chart)(chart.helm, tmp_path / "tfs-operator")
    (container,) = published.one("deployment.yaml")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{REPOSITORY}@{DIGEST}"
    assert f"--fetcher-image={REPOSITORY}@{DIGEST}" in container["args"]
    assert {f"--server-image={SERVERS[0]}", f"--gpu-server-image={SERVERS[1]}"} <= set(container["args"])
    metadata = yaml.safe_load((published.path / "Chart.yaml").read_text())
    images = {each["image"] for each in yaml.safe_load(metadata["annotations"]["artifacthub.io/images"])}
    assert images == {f"{REPOSITORY}:{metadata['appVersion']}", *SERVERS}
    chart.output("lint", "--strict", str(published.path))


@pytest.mark.parametrize("servers", [[], SERVERS[:1], [SERVERS[0], "tensorflow/serving:2.21.0-gpu@"]])
def test_a_chart_whose_servers_have_no_digest_is_refused(servers, tmp_path):
    with pytest.raises(release.NotReleasable, match=r"tensorflow/serving:2\.21\.0-gpu came without a digest"):
        release.chart(REPOSITORY, DIGEST, servers, tmp_path / "tfs-operator")


def test_the_base_of_the_images_is_named_by_one_digest():
    release.check_base_images(release.base_images())


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ("python:3.13-slim", "operator/Dockerfile names the base image python:3.13-slim without a digest"),
        (f"python@{DIGEST}", "operator/Dockerfile names the base image python@sha256:.* without a digest"),
        (f"python:3.14-slim@{DIGEST}", "the base image is not the same everywhere: hack/versions.env has python:3.13"),
    ],
)
def test_base_images_without_a_digest_or_that_differ_are_refused(image, problem):
    with pytest.raises(release.NotReleasable, match=problem):
        release.check_base_images({"hack/versions.env": BASE, "operator/Dockerfile": image})


def test_every_file_has_one_version():
    assert len(set(release.versions().values())) == 1


def test_another_tag_is_refused():
    with pytest.raises(release.NotReleasable, match=r"the tag is v0\.0\.1, but pyproject\.toml has"):
        release.check("v0.0.1")


@pytest.mark.parametrize(
    ("version", "text"),
    [("1.1.0", "### Added\n- A thing.\n"), ("1.0.0", "- Everything.\n")],
)
def test_notes_are_the_versions_section(version, text):
    assert release.notes(version, CHANGELOG) == text


@pytest.mark.parametrize("version", ["Unreleased", "2.0.0", "1.1"])
def test_a_version_without_notes_is_refused(version):
    with pytest.raises(release.NotReleasable, match=r"CHANGELOG\.md says nothing of"):
        release.notes(version, CHANGELOG)
