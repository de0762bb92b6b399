"""Asks new versions whether they can predict, each once for a server's process."""

from collections.abc import Callable, Mapping, Sequence

from tfs_operator.controller.pods.calls import Calls
from tfs_operator.controller.pods.interview import interview
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.verification import Answered
from tfs_operator.planning.plan import ProbeOrder
from tfs_operator.serving.predict import PredictClient

DEADLINE_SECONDS = 30.0
"""For all that a version is asked; as long as the server lets one REST request take (--rest_api_timeout_in_ms)."""

Process = tuple[str, str]
"""A pod's name, and the incarnation of its server."""

Version = tuple[str, int]
"""A model, and one of its versions."""


class Prober:
    """Asks the versions of one TFModel, one at a time on each pod. Remembers the answers; losing them costs a question.
    `wake` is called when an answer has come: no pass waits for one, since a version's first prediction may take long.
    """

    def __init__(
        self, client: PredictClient, wake: Callable[[], None], deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._client = client
        self._deadline_seconds = deadline_seconds
        self._calls: Calls[None] = Calls(wake)
        self._answers: dict[Process, dict[Version, Answered]] = {}

    def close(self) -> None:
        """Cancels the open calls."""
        self._calls.close()

    def ask(self, pods: Sequence[PodFacts], orders: Sequence[ProbeOrder]) -> None:
        """Begins what is ordered and not answered yet. `pods` are all that there are: what is known of other processes
        than theirs is dropped."""
        self._keep(pods)
        for order in orders:
            name = order.pod.name
            if order.pod.address and not self._calls.is_open(name) and not self._is_answered(order):
                self._calls.take(name)  # raises what is unexpected
                self._calls.start(name, order.pod.incarnation, self._ask(order), awaited=False)

    def probed(
        self, pods: Sequence[PodFacts], observations: Sequence[PodObservation]
    ) -> dict[str, dict[str, dict[int, Answered]]]:
        """Returns the answers by pod, model and version. The answer of a version that is not AVAILABLE is dropped: its
        files may be others when it comes back. `observations` are those of `pods`, in their order."""
        self._keep(pods)
        for pod, seen in zip(pods, observations, strict=True):
            if seen.answered or seen.answered_unready:
                self._answers[_process(pod)] = _of_available(self._answers[_process(pod)], seen)
        return {name: _by_model(answers) for (name, _), answers in self._answers.items()}

    def _keep(self, pods: Sequence[PodFacts]) -> None:
        self._calls.keep({pod.name: pod.incarnation for pod in pods})
        self._answers = {_process(pod): self._answers.get(_process(pod), {}) for pod in pods}

    def _is_answered(self, order: ProbeOrder) -> bool:
        known = self._answers[_process(order.pod)].get((order.model, order.version))
        return known is not None and known.settles(order.question)

    async def _ask(self, order: ProbeOrder) -> None:
        probed = await interview(self._client, order, self._deadline_seconds)
        answers = self._answers.get(_process(order.pod))
        if answers is not None:
            answers[order.model, order.version] = Answered(order.question, probed)


def _process(pod: PodFacts) -> Process:
    return pod.name, pod.incarnation


def _of_available(answers: Mapping[Version, Answered], seen: PodObservation) -> dict[Version, Answered]:
    return {key: answered for key, answered in answers.items() if key[1] in seen.model(key[0]).available}


def _by_model(answers: Mapping[Version, Answered]) -> dict[str, dict[int, Answered]]:
    found: dict[str, dict[int, Answered]] = {}
    for (model, version), answered in answers.items():
        found.setdefault(model, {})[version] = answered
    return found
