"""SIGTERM and SIGINT ask the process to end; it does so in its own order."""

import asyncio
import signal


class Signals:
    """Handles the signals from the beginning, before anything is worth an orderly end."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.install()

    def install(self) -> None:
        """Installs the handlers, in place of any others."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked.set)

    async def wait(self) -> None:
        """Returns once the first of them has come."""
        await self._asked.wait()
