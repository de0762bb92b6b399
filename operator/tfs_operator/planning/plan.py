"""What a round is to bring about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Memory, Step
from tfs_operator.domain.verification import Question


@dataclass(frozen=True)
class ReloadOrder:
    """The configuration that one pod's model server is to have. `shown`: its answers show it already."""

    pod: PodFacts
    config: ModelServerConfig
    shown: bool


@dataclass(frozen=True)
class ProbeOrder:
    """A version of a model that is to be asked on one pod. `committed`: pods come up with it already."""

    pod: PodFacts
    model: str
    version: int
    question: Question
    committed: bool = False


@dataclass(frozen=True)
class Plan:
    """What a round is to do, in the order of its fields. `refusal`: why nothing at all is done."""

    refusal: Problem | None = None
    lacking_kinds: frozenset[str] = frozenset()
    """Kinds that the spec needs and that the cluster does not know; it is checked for them from now on."""

    committed: ModelServerConfig | None = None
    """What the ConfigMap holds after `children` are applied. No pod is reloaded unless it does."""

    children: Sequence[Manifest] | None = None
    """Exactly these are to exist; None: it cannot be said yet, and they are left alone."""

    agent: Mapping[str, str] | None = None
    """`status.agent` from now on; None: it stays as it is."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    """Where each model's rollout is, in the order of the spec."""

    new_steps: Sequence[str] = ()
    """The models whose step is another one than remembered."""

    pods: tuple[PodFacts, ...] = ()
    """All that there are; what is remembered of others is dropped."""

    reloads: Sequence[ReloadOrder] = ()
    probes: Sequence[ProbeOrder] = ()
    """What is still to be asked of new versions."""

    @property
    def memories(self) -> dict[str, Memory]:
        """What is remembered of each rollout after this round."""
        return {name: step.memory for name, step in self.steps.items()}
