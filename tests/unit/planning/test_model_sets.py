"""Which models a pod runs, told by its digest, and what is remembered of sets that are being replaced."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.pods import PodFacts
from tfs_operator.planning import ModelSets
from tfs_operator.planning.model_sets import MAX_FORMER, former_after
from tfs_operator.render.deployment import models_digest


def model(name: str, path: str = "", *versions: int, **labels: int) -> ModelConfig:
    return ModelConfig(name, path or f"/{name}", Specific(versions or (1,)), labels)


def of(*models: ModelConfig) -> ModelServerConfig:
    return ModelServerConfig(models)


def pod(config: ModelServerConfig, name: str = "a") -> PodFacts:
    return PodFacts(name, "10.0.0.1", True, False, models_digest(config), "u/0", None)


A, B, C = model("a"), model("b"), model("c")
AB, ABC = of(A, B), of(A, B, C)
MOVED = of(A, model("b", "/elsewhere"))


class TestWhatAPodRuns:
    def test_models_that_are_added_are_not_on_the_pods_before(self) -> None:
        sets = ModelSets(ABC, AB)
        assert sets.of(pod(AB)) == AB
        assert (sets.shared(pod(AB)), sets.lacking(pod(AB))) == ({"a", "b"}, {"c"})

    def test_it_is_known_also_once_the_new_set_is_committed(self) -> None:
        sets = ModelSets(ABC, ABC, {models_digest(AB): AB})
        assert sets.of(pod(AB)) == AB
        assert sets.lacking(pod(AB)) == {"c"}
        assert sets.lacking(pod(ABC)) == frozenset()

    def test_a_model_that_is_removed_is_still_run(self) -> None:
        sets = ModelSets(of(A), AB)
        assert sets.of(pod(AB)) == AB
        assert (sets.shared(pod(AB)), sets.lacking(pod(AB))) == ({"a"}, frozenset())

    def test_a_model_of_another_base_path_is_another_one(self) -> None:
        sets = ModelSets(MOVED, AB)
        assert (sets.shared(pod(AB)), sets.lacking(pod(AB))) == ({"a"}, {"b"})

    def test_a_renamed_model_is_another_one(self) -> None:
        sets = ModelSets(of(A, model("d", "/b")), AB)
        assert (sets.shared(pod(AB)), sets.lacking(pod(AB))) == ({"a"}, {"d"})

    def test_in_another_order_they_are_the_same(self) -> None:
        sets = ModelSets(of(B, A), AB)
        assert sets.of(pod(AB)) == of(B, A)
        assert sets.lacking(pod(AB)) == frozenset()

    def test_of_a_set_that_nothing_tells_nothing_is_known(self) -> None:
        sets = ModelSets(ABC, ABC)
        assert (sets.of(pod(AB)), sets.shared(pod(AB)), sets.lacking(pod(AB))) == (None, frozenset(), frozenset())


def test_labels_of_every_set_are_queried() -> None:
    """A pod of the former set is sent the labels that it answers, also of models that the spec has no more."""
    sets = ModelSets(
        of(model("a", "", 1, stable=1)),
        of(model("a", "", 1, canary=1)),
        {"x": of(model("a", "/old", 1, old=1), model("b", "", 1, beta=1))},
    )
    assert sets.labels() == {"a": ("canary", "old", "stable"), "b": ("beta",)}


class TestWhatIsCommitted:
    OLD = model("b", "", 3, stable=3)

    def test_of_the_aspired_models(self) -> None:
        assert ModelSets(of(A), AB).committed_of([]) == of(A)
        assert ModelSets(ABC, AB).committed_of([]) == AB
        assert ModelSets(ABC, None).committed_of([]) is None

    def test_one_that_moved_is_told_as_it_was_there(self) -> None:
        """So that the rollout begins anew, with its first configuration there."""
        assert ModelSets(MOVED, AB).committed_of([]) == AB

    def test_one_that_is_back_at_its_base_path_has_what_it_had(self) -> None:
        """The correction of a typo is no first configuration: pods serve the model there."""
        former = of(A, self.OLD)
        sets = ModelSets(AB, MOVED, {models_digest(former): former})
        assert sets.committed_of([pod(former)]) == former

    def test_unless_no_pod_serves_it_there_any_more(self) -> None:
        former = of(A, self.OLD)
        sets = ModelSets(AB, MOVED, {models_digest(former): former})
        assert sets.committed_of([pod(MOVED)]) == MOVED

    def test_of_two_former_ones_the_last(self) -> None:
        first, last = of(self.OLD), of(A, replace(self.OLD, labels={"stable": 4}))
        sets = ModelSets(of(B), of(A), {models_digest(first): first, models_digest(last): last})
        assert sets.committed_of([pod(first), pod(last, "b")]) == of(last.models[1])


class TestWhatIsRemembered:
    def test_the_set_before_as_long_as_pods_run_it(self) -> None:
        sets = ModelSets(ABC, AB)
        assert former_after(sets, ABC, [pod(AB)], rolling=False) == {models_digest(AB): AB}
        assert former_after(sets, ABC, [pod(ABC)], rolling=False) == {}

    def test_during_an_update_a_pod_of_it_may_be_made_again(self) -> None:
        assert former_after(ModelSets(ABC, AB), ABC, [], rolling=True) == {models_digest(AB): AB}

    def test_nothing_changes_at_rest(self) -> None:
        """To forget a set is not worth a write."""
        sets = ModelSets(ABC, ABC, {"x": AB})
        assert former_after(sets, ABC, [], rolling=False) == {"x": AB}

    def test_what_no_pod_runs_goes_with_the_next_change(self) -> None:
        moved = of(A, B, model("c", "", 1, stable=1))
        sets = ModelSets(moved, ABC, {models_digest(AB): AB})
        assert former_after(sets, moved, [pod(ABC)], rolling=False) == {}
        assert former_after(sets, moved, [pod(AB)], rolling=False) == {models_digest(AB): AB}

    def test_a_set_that_is_committed_again_is_former_no_more(self) -> None:
        sets = ModelSets(AB, ABC, {models_digest(AB): AB})
        assert former_after(sets, AB, [pod(AB), pod(ABC)], rolling=True) == {models_digest(ABC): ABC}

    def test_a_version_or_a_label_makes_no_other_set(self) -> None:
        sets = ModelSets(AB, AB)
        assert former_after(sets, of(A, model("b", "", 2, stable=2)), [pod(AB)], rolling=True) == {}

    def test_of_very_many_the_last_ones(self) -> None:
        """A ConfigMap's annotations have 256 KiB."""
        many = {f"{number}": of(model(f"m{number}")) for number in range(20)}
        kept = former_after(ModelSets(ABC, AB, many), ABC, [pod(AB)], rolling=True)
        assert list(kept) == [*map(str, range(21 - MAX_FORMER, 20)), models_digest(AB)]
