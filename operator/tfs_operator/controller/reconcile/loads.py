"""Puts together what each model server of a TFModel has behind it: swaps of versions, and the memory that it uses."""

from collections.abc import Sequence

from tfs_operator.controller.pods.memory import MemoryReader
from tfs_operator.controller.reconcile.state import TFModelState
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.recycle import ServerLoad, recounted
from tfs_operator.planning import Subject


class Loads:
    """Counts swaps for every TFModel, and looks up the memory for those that have a bound on it."""

    def __init__(self, memory: MemoryReader | None = None) -> None:
        self._memory = memory

    def of(
        self, subject: Subject, state: TFModelState, pods: Sequence[PodFacts], seen: Sequence[PodObservation]
    ) -> tuple[ServerLoad, ...]:
        """Returns one for each of `pods`, whose observations are `seen`."""
        state.swaps = recounted(state.swaps, zip((pod.incarnation for pod in pods), seen, strict=True))
        memory, namespace = self._reader(subject), subject.tfmodel.metadata.namespace
        return tuple(
            ServerLoad(
                pod=pod.name,
                process=pod.incarnation,
                swaps=state.swaps[pod.incarnation].count,
                memory=memory.of(namespace, pod.name) if memory else None,
                limit=pod.memory_limit,
                started_at=pod.started_at,
            )
            for pod in pods
        )

    def unreadable(self, subject: Subject) -> str:
        """Returns why the memory cannot be read; empty where it can, or is not asked for."""
        memory = self._reader(subject)
        return memory.problem if memory else ""

    def _reader(self, subject: Subject) -> MemoryReader | None:
        recycle = subject.tfmodel.spec.server.recycle
        return self._memory if recycle and recycle.memory_percent is not None else None
