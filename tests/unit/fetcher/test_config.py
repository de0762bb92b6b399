"""What a fetcher refuses to be started with."""

from pathlib import Path

import pytest

from tfs_operator.cli import main
from tfs_operator.domain.fetch_protocol import FetchPlan, ModelSource
from tfs_operator.fetcher.config import FetcherConfig, InvalidConfig, read_plan
from tfs_operator.fetcher.core.store_access import StoreAccess

ROOT = Path("/models/store")


def plan_file(folder: Path, base_path: str) -> Path:
    plan = FetchPlan(sources=(ModelSource(name="m", uri="s3://bucket/m", base_path=base_path),))
    (folder / "fetch.json").write_text(plan.model_dump_json())
    return folder / "fetch.json"


def test_a_base_path_below_the_root(tmp_path: Path) -> None:
    plan = read_plan(plan_file(tmp_path, "/models/store/s3/bucket/m"), ROOT)
    assert plan.sources[0].base_path == "/models/store/s3/bucket/m"


@pytest.mark.parametrize("base", ["/models/store", "/models/store2/m", "/models/store/../m", "m", "/", "/etc"])
def test_any_other_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(InvalidConfig, match="must lie below /models/store"):
        read_plan(plan_file(tmp_path, base), ROOT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Invalid JSON"),
        ('{"sources": [{"name": "m"}]}', "sources.0.uri: Field required"),
    ],
)
def test_a_plan_that_makes_no_sense(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "fetch.json").write_text(text)
    with pytest.raises(InvalidConfig, match=message):
        read_plan(tmp_path / "fetch.json", ROOT)


def test_a_name_that_is_no_pod_s() -> None:
    """It becomes part of paths."""
    with pytest.raises(InvalidConfig, match="no name of a pod"):
        FetcherConfig(plan=FetchPlan(), storage=StoreAccess(), pod="../other")


def test_a_missing_plan_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "--plan", str(tmp_path / "none.json")]) == 2
    assert f"--plan {tmp_path}/none.json: No such file or directory" in capsys.readouterr().err
