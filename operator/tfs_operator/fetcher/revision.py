"""Numbers the states of a report, so that the operator can wait for the next one instead of asking again and again."""

import asyncio
import secrets
from collections.abc import Mapping

from tfs_operator.domain.fetch_protocol import FetchReport, ModelReport


class Revision:
    """Changes with what a report says, and not with how many bytes have come. It differs in each process."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._count = 0
        self._gist: object = None
        self._changed = asyncio.Event()

    @property
    def value(self) -> str:
        return f"{self._process}-{self._count}"

    def note(self, report: FetchReport) -> None:
        """Takes the report as it is now."""
        gist = report.ready, report.lag, _gist(report.models)
        if gist != self._gist:
            self._gist = gist
            self._count += 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def until_other(self, seen: str, seconds: float) -> str:
        """Returns the revision once it is another one than `seen`, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self.value == seen:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.value


def _gist(models: Mapping[str, ModelReport]) -> object:
    return {
        name: (
            report.problem,
            report.listed,
            [(each.version, each.state, each.problem, each.content) for each in report.versions],
        )
        for name, report in models.items()
    }
