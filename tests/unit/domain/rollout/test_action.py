"""The steps and their traits, beside what users read of them."""

from pathlib import Path
from typing import get_args

import pytest

from tfs_operator.api.status import RolloutStatus, StepName
from tfs_operator.domain.rollout import Action, policies

POLICIES = Path(policies.__file__).parent
DESIGN_PAGE = Path(__file__).parents[4] / "docs" / "design" / "rollout.md"


def test_the_status_knows_every_step() -> None:
    assert get_args(StepName) == tuple(action.value for action in Action)


@pytest.mark.parametrize("action", Action)
def test_the_api_describes_every_step(action: Action) -> None:
    assert f"{action.value}: " in (RolloutStatus.model_fields["step"].description or "")


@pytest.mark.parametrize("action", Action)
def test_the_design_page_has_a_row_for_every_step(action: Action) -> None:
    steps = [line.split("|")[1] for line in DESIGN_PAGE.read_text().splitlines() if line.startswith("| ")]
    assert any(action.value in step for step in steps)


def test_a_step_is_read_back_from_the_status_by_its_name() -> None:
    assert [Action(action.value) for action in Action] == list(Action)


def test_every_policy_has_a_test_of_its_name() -> None:
    """A policy is a file; its test lies at the same place below tests/unit."""
    tests = {path.name for path in (Path(__file__).parent / "policies").iterdir()}
    assert {f"test_{path.name}" for path in POLICIES.glob("[a-z]*.py")} <= tests
