"""Hypothesis strategies for model server configurations and for what pods answer."""

from hypothesis import strategies as st

from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, END, ModelObservation, VersionStatus

MAX_INT64 = 2**63 - 1
NAMES = st.sampled_from(["cats", "dogs"])
LABELS = st.sampled_from(["stable", "canary", "old"])
VERSIONS = st.integers(0, 5)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
"""Anything that can be written down, which is more than the API allows."""

POLICIES = st.one_of(
    st.sets(VERSIONS, min_size=1, max_size=4).map(lambda versions: Specific(tuple(sorted(versions)))),
    st.integers(1, 5).map(Latest),
    st.builds(All),
)
STATES = st.sampled_from(["START", "LOADING", AVAILABLE, "UNLOADING", END])


def wanted_model(name: str) -> st.SearchStrategy[ModelConfig]:
    """As from a valid spec: with a list of versions, every label is on one of them."""

    def labelled(policy: Specific | Latest | All) -> st.SearchStrategy[ModelConfig]:
        versions = st.sampled_from(policy.versions) if isinstance(policy, Specific) else VERSIONS
        labels = st.dictionaries(LABELS, versions, max_size=3)
        return labels.map(lambda chosen: ModelConfig(name, f"/models/{name}", policy, chosen))

    return POLICIES.flatmap(labelled)


def observed_model() -> st.SearchStrategy[ModelObservation]:
    """As from a real server: a label is answered only by a version that is AVAILABLE."""

    def answering(states: dict[int, str]) -> st.SearchStrategy[ModelObservation]:
        statuses = tuple(VersionStatus(version, state) for version, state in states.items())
        available = [version for version, state in states.items() if state == AVAILABLE]
        labels = st.dictionaries(LABELS, st.sampled_from(available), max_size=3) if available else st.just({})
        return labels.map(lambda answers: ModelObservation(statuses, answers))

    return st.dictionaries(VERSIONS, STATES, max_size=5).flatmap(answering)


WANTED = st.lists(NAMES, min_size=1, max_size=2, unique=True).flatmap(
    lambda names: st.tuples(*map(wanted_model, names)).map(ModelServerConfig)
)
OBSERVED = st.dictionaries(NAMES, observed_model(), max_size=2)

ANY_CONFIG = st.lists(
    st.builds(
        ModelConfig,
        TEXTS,
        TEXTS,
        st.one_of(
            st.lists(st.integers(0, MAX_INT64), max_size=5).map(lambda versions: Specific(tuple(versions))),
            st.integers(1, 2**31 - 1).map(Latest),
            st.builds(All),
        ),
        st.dictionaries(TEXTS, st.integers(0, MAX_INT64), max_size=3),
    ),
    max_size=3,
).map(lambda models: ModelServerConfig(tuple(models)))
"""Any configuration that can be said at all."""
