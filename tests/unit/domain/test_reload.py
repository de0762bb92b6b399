"""The next configuration of one model server is always one that it can take, and leads to what is wanted."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.strategies import OBSERVED, WANTED
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, VersionStatus
from tfs_operator.domain.reload import next_config, settled

Observed = dict[str, ModelObservation]


def config(labels: dict[str, int], *versions: int) -> ModelServerConfig:
    policy = Specific(versions) if versions else Latest(1)
    return ModelServerConfig((ModelConfig("m", "/m", policy, labels),))


def observed(labels: dict[str, int], **states: str) -> Observed:
    """`v1="AVAILABLE"` is version 1."""
    statuses = tuple(VersionStatus(int(name[1:]), state) for name, state in states.items())
    return {"m": ModelObservation(statuses, labels)}


class TestProperties:
    @given(WANTED, OBSERVED)
    @settings(deadline=None, max_examples=30)
    def test_no_label_is_on_a_version_that_is_not_available(self, wanted: ModelServerConfig, seen: Observed) -> None:
        """What a label answers is AVAILABLE, so a label may also stay; else the server refuses the whole config."""
        for model in next_config(wanted, seen).models:
            answers = seen.get(model.name, ModelObservation())
            for label, version in model.labels.items():
                assert version in answers.available or answers.labels.get(label) == version

    @given(WANTED, OBSERVED)
    @settings(deadline=None, max_examples=30)
    def test_no_version_goes_while_a_label_is_kept_on_it(self, wanted: ModelServerConfig, seen: Observed) -> None:
        for model in next_config(wanted, seen).models:
            if isinstance(model.policy, Specific):
                assert set(model.labels.values()) <= set(model.policy.versions)

    @given(WANTED, OBSERVED)
    @settings(deadline=None, max_examples=30)
    def test_a_wanted_label_that_is_answered_is_never_taken_away(
        self, wanted: ModelServerConfig, seen: Observed
    ) -> None:
        for model, aim in zip(next_config(wanted, seen).models, wanted.models, strict=True):
            answers = seen.get(model.name, ModelObservation()).labels
            assert set(aim.labels) & set(answers) <= set(model.labels)

    @given(WANTED, OBSERVED)
    @settings(deadline=None, max_examples=30)
    def test_every_wanted_version_is_asked_for_at_once_and_no_other_without_a_label(
        self, wanted: ModelServerConfig, seen: Observed
    ) -> None:
        for model, aim in zip(next_config(wanted, seen).models, wanted.models, strict=True):
            if not isinstance(aim.policy, Specific):
                assert model.policy == aim.policy
                continue
            assert isinstance(model.policy, Specific)
            assert set(model.policy.versions) == set(aim.policy.versions) | set(model.labels.values())
            assert list(model.policy.versions) == sorted(set(model.policy.versions))

    @given(WANTED, OBSERVED)
    @settings(deadline=None, max_examples=30)
    def test_no_label_and_no_model_is_invented(self, wanted: ModelServerConfig, seen: Observed) -> None:
        following = next_config(wanted, seen).models
        assert [(m.name, m.base_path) for m in following] == [(m.name, m.base_path) for m in wanted.models]
        for model, aim in zip(following, wanted.models, strict=True):
            assert set(model.labels) <= set(aim.labels)

    @given(WANTED, OBSERVED, st.data())
    @settings(deadline=None, max_examples=30)
    def test_what_is_wanted_is_reached_once_all_its_versions_are_available(
        self, wanted: ModelServerConfig, seen: Observed, data: st.DataObject
    ) -> None:
        for model in wanted.models:
            extra = data.draw(st.sets(st.integers(0, 5)))
            numbers = extra | set(model.labels.values()) | set(_versions(model))
            statuses = tuple(VersionStatus(number, AVAILABLE) for number in numbers)
            seen = {**seen, model.name: replace(seen.get(model.name, ModelObservation()), versions=statuses)}
        assert next_config(wanted, seen) == wanted

    @given(WANTED, OBSERVED)
    @settings(deadline=None, max_examples=30)
    def test_a_server_that_does_as_it_is_told_ends_up_settled(self, wanted: ModelServerConfig, seen: Observed) -> None:
        """Two pushes at the most: one that loads, one that moves the labels and drops what is left over."""
        for _ in range(2):
            seen = obeyed(next_config(wanted, seen))
        assert next_config(wanted, seen) == wanted
        assert settled(wanted, seen)


def _versions(model: ModelConfig) -> tuple[int, ...]:
    return model.policy.versions if isinstance(model.policy, Specific) else ()


def obeyed(told: ModelServerConfig) -> Observed:
    """What a server answers once it follows `told` and every version that it was asked for exists, from 0 to 5."""
    return {
        model.name: ModelObservation(
            tuple(VersionStatus(number, AVAILABLE) for number in _versions(model) or range(6)), dict(model.labels)
        )
        for model in told.models
    }


class TestCanary:
    """The steps of the README's story, one by one."""

    WANTED = config({"stable": 1, "canary": 2}, 1, 2)

    def test_first_the_new_version_is_loaded_and_no_label_moves(self) -> None:
        seen = observed({"stable": 1}, v1=AVAILABLE)
        assert next_config(self.WANTED, seen) == config({"stable": 1}, 1, 2)

    def test_while_it_loads_nothing_else_is_said(self) -> None:
        seen = observed({"stable": 1}, v1=AVAILABLE, v2="LOADING")
        assert next_config(self.WANTED, seen) == config({"stable": 1}, 1, 2)

    def test_then_the_label_is_set(self) -> None:
        seen = observed({"stable": 1}, v1=AVAILABLE, v2=AVAILABLE)
        assert next_config(self.WANTED, seen) == self.WANTED

    def test_a_promotion_keeps_the_old_version_until_the_label_has_moved(self) -> None:
        promoted = config({"stable": 3}, 3)
        before = observed({"stable": 2}, v2=AVAILABLE, v3="LOADING")
        assert next_config(promoted, before) == config({"stable": 2}, 2, 3)
        after = observed({"stable": 2}, v2=AVAILABLE, v3=AVAILABLE)
        assert next_config(promoted, after) == promoted

    def test_a_version_that_cannot_be_loaded_leaves_the_label_where_it_is(self) -> None:
        seen = observed({"stable": 1}, v1=AVAILABLE, v2="END")
        assert next_config(config({"stable": 2}, 2), seen) == config({"stable": 1}, 1, 2)

    def test_a_label_that_is_no_longer_wanted_goes_at_once(self) -> None:
        seen = observed({"stable": 1, "canary": 2}, v1=AVAILABLE, v2=AVAILABLE)
        assert next_config(config({"stable": 1}, 1), seen) == config({"stable": 1}, 1)

    def test_a_server_that_answers_nothing_gets_its_versions_and_no_label(self) -> None:
        assert next_config(self.WANTED, {}) == config({}, 1, 2)

    def test_with_a_policy_a_label_waits_for_its_version_too(self) -> None:
        wanted = config({"stable": 2})
        assert next_config(wanted, observed({}, v1=AVAILABLE)) == config({})
        assert next_config(wanted, observed({}, v1=AVAILABLE, v2=AVAILABLE)) == wanted


class TestSettled:
    @pytest.mark.parametrize(
        ("told", "seen", "answer"),
        [
            (config({"stable": 1}, 1), observed({"stable": 1}, v1=AVAILABLE), True),
            (config({"stable": 1}, 1), observed({"stable": 1}, v1=AVAILABLE, v2="END"), True),
            (config({"stable": 1}, 1), observed({"stable": 1}, v1=AVAILABLE, v2=AVAILABLE), False),
            (config({"stable": 1}, 1), observed({"stable": 2}, v1=AVAILABLE), False),
            (config({"stable": 1}, 1), observed({}, v1=AVAILABLE), False),
            (config({}, 1, 2), observed({}, v1=AVAILABLE, v2="LOADING"), False),
            (config({}), observed({}, v7=AVAILABLE), True),
            (config({}), observed({}, v7="LOADING"), False),
            (config({}), {}, False),
            (ModelServerConfig((ModelConfig("m", "/m", All()),)), observed({}, v1=AVAILABLE, v2=AVAILABLE), True),
        ],
    )
    def test_only_when_versions_and_labels_are_as_told(
        self, told: ModelServerConfig, seen: Observed, answer: bool
    ) -> None:
        assert settled(told, seen) is answer

    def test_every_model_counts(self) -> None:
        two = ModelServerConfig((ModelConfig("m", "/m", Latest(1)), ModelConfig("n", "/n", Latest(1))))
        seen = observed({}, v1=AVAILABLE)
        assert not settled(two, seen)
        assert settled(two, {**seen, "n": seen["m"]})
