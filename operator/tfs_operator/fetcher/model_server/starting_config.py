"""Keeps the file with which the model server starts: what was committed last, with the versions of a policy by name.

The ConfigMap's volume may be minutes old. The file lies on a volume of the pod, as does what was ordered last, so both
outlive this process, and a model server that starts again reads what is committed now.
"""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tfs_operator.domain.config_text import models_config
from tfs_operator.domain.expectation import starting_config
from tfs_operator.domain.fetch_protocol import ExpectedModel
from tfs_operator.domain.model_config import ModelServerConfig

log = logging.getLogger(__name__)

ORDERED_FILE = "expected.json"
"""What was ordered last, beside the configuration."""

There = Callable[[str], frozenset[int] | None]
"""Returns the versions of a model that are in place and whole; None where that is not known."""

_MODELS: TypeAdapter[tuple[ExpectedModel, ...]] = TypeAdapter(tuple[ExpectedModel, ...])


class StartingConfig:
    """Keeps `file`. `planned` is what the ConfigMap says; without it, as of an older operator, `default`, the
    ConfigMap's own text, is copied until an order has come."""

    def __init__(self, file: Path, default: Path, planned: Iterable[ExpectedModel]) -> None:
        self._file = file
        self._default = default
        self._ordered = file.with_name(ORDERED_FILE)
        self._models = {model.name: model for model in planned}
        self._fixed = bool(self._models)
        """Which models the server has is known, and never changes while the pod lives."""
        self._written = ""
        self._take(self._remembered())

    @property
    def expected(self) -> tuple[ExpectedModel, ...]:
        """Returns what the server should serve; nothing while that is not known."""
        return tuple(self._models.values())

    @property
    def is_written(self) -> bool:
        return bool(self._written)

    def expect(self, models: Iterable[ExpectedModel]) -> None:
        """Takes what is committed now. Models that this pod does not have, or has elsewhere, are left out: the order
        may be for pods of another revision."""
        before = self.expected
        self._take(models)
        if self.expected != before:
            self._put(self._ordered, _MODELS.dump_json(self.expected).decode())

    def write(self, there: There) -> None:
        """Writes the file, unless it says the same already."""
        try:
            text = self._text(there)
            if text != self._written:
                self._put(self._file, text)
                self._written = text
        except OSError as error:
            log.warning("%s: cannot be written: %s", error.filename or self._file, error.strerror)

    def _take(self, models: Iterable[ExpectedModel]) -> None:
        for model in models:
            known = self._models.get(model.name)
            if not self._fixed or (known is not None and known.base_path == model.base_path):
                self._models[model.name] = model

    def _text(self, there: There) -> str:
        if not self._models:
            return self._default.read_text()
        configs = (starting_config(model, there(model.name)) for model in self._models.values())
        return models_config(ModelServerConfig(tuple(configs)))

    def _remembered(self) -> tuple[ExpectedModel, ...]:
        try:
            return _MODELS.validate_json(self._ordered.read_bytes())
        except (OSError, ValidationError):
            return ()

    def _put(self, file: Path, text: str) -> None:
        """In one step: a server that starts at this very moment reads the one or the other."""
        new = file.with_name(f".{file.name}")
        new.write_text(text)
        new.replace(file)
