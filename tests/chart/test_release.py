"""hack/release.py: what the release workflow makes of the tree."""

import pytest
import yaml

from hack import release

DIGEST = f"sha256:{'ab' * 32}"
REPOSITORY = "registry.example.com/ml/tfs-operator"
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
    release.chart(REPOSITORY, DIGEST, tmp_path / "tfs-operator")
    published = type(chart)(chart.helm, tmp_path / "tfs-operator")
    (container,) = published.one("deployment.yaml")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{REPOSITORY}@{DIGEST}"
    assert f"--fetcher-image={REPOSITORY}@{DIGEST}" in container["args"]
    metadata = yaml.safe_load((published.path / "Chart.yaml").read_text())
    images = {each["image"] for each in yaml.safe_load(metadata["annotations"]["artifacthub.io/images"])}
    assert f"{REPOSITORY}:{metadata['appVersion']}" in images
    chart.output("lint", "--strict", str(published.path))


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
