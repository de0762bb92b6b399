"""files/test/predict.py, the program of `helm test`, when the Service does not lead to the model at once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from testing.http_server import answering
from testing.programs import loaded

program = loaded(Path(__file__).parents[2] / "charts" / "tfs-operator" / "files" / "test" / "predict.py")
BODY = json.dumps({"predictions": [2.5]}).encode()


@contextmanager
def served(*statuses: int) -> Iterator[dict[str, Any]]:
    """The TFModel that is asked; the answers have these statuses, one after the other."""
    left = iter(statuses)
    with answering(lambda: (next(left), BODY)) as address:
        yield {"metadata": {"name": "half"}, "status": {"endpoints": {"rest": f"http://{address}"}}}


def test_it_asks_again_while_somebody_else_answers() -> None:
    with served(404, 503, 200) as tfmodel:
        assert [program.ask(tfmodel) for _ in range(3)] == [None, None, {"predictions": [2.5]}]


def test_a_refusal_by_the_model_ends_the_test() -> None:
    with served(400) as tfmodel, pytest.raises(program.Failure, match="400"):
        program.ask(tfmodel)
