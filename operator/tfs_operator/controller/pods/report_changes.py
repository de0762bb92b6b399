"""Waits for changes of the agents' reports, so that a folder that vanishes is known at once and rest costs nothing."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tfs_operator.controller.pods.calls import Calls
from tfs_operator.controller.pods.fetchers import Answer
from tfs_operator.domain.backoff import delay
from tfs_operator.domain.fetch_protocol import FetchReport
from tfs_operator.domain.pods import PodFacts
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.report_changes import ReportChangesClient

FIRST_PAUSE_SECONDS = 1.0
MOST_SECONDS = 30.0
"""Pauses after an agent that did not answer."""


class ReportChanges:
    """Waits at the agents of one TFModel; `wake` is called when the report of one has changed."""

    def __init__(
        self, client: ReportChangesClient, wake: Callable[[], None], first_pause: float = FIRST_PAUSE_SECONDS
    ) -> None:
        self._client = client
        self._first_pause = first_pause
        self._calls: Calls[None] = Calls(wake)

    def close(self) -> None:
        """Cancels every wait."""
        self._calls.close()

    def follow(self, pods: Sequence[PodFacts], reports: Mapping[str, Answer]) -> None:
        """Waits from now on at those pods whose `reports` may have news: of what they fetch or look at, or of when they
        are in step. An agent of an older release has no revision, and is not waited at."""
        revisions = {pod: report.revision for pod in pods if (report := _followed(pod, reports.get(pod.name)))}
        self._calls.keep({pod.name: f"{pod.address} {revision}" for pod, revision in revisions.items()})
        for pod, revision in revisions.items():
            if self._calls.get(pod.name) is None:
                wait = self._until_other(pod.address, revision)
                self._calls.start(pod.name, f"{pod.address} {revision}", wait, awaited=False)

    async def _until_other(self, address: str, seen: str) -> None:
        failures, revision = 0, seen
        while revision == seen:
            try:
                revision = await self._client.revision(address, seen)
                failures = 0
            except FetcherUnreachable:
                failures += 1
                await asyncio.sleep(delay(failures, self._first_pause, MOST_SECONDS))


def _followed(pod: PodFacts, answer: Answer | None) -> FetchReport | None:
    if not isinstance(answer, FetchReport) or not answer.revision:
        return None
    return answer if answer.models or not pod.ready else None
