"""The operator's questions to a version, asked of a server: what is made up is understood, and what cannot predict is
found (docs/design/verification.md)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from testing.conformance import variants
from testing.conformance.models import config_list, model_config
from testing.recordings.models.graphs import write_table, write_uninitialised
from testing.recordings.models.kinds import write_kinds
from testing.waiting import eventually
from tfs_operator.controller.pods.interview import interview
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.verification import (
    Answer,
    Outcome,
    Probed,
    Question,
    Signature,
    UserRequest,
    judge,
    made_up,
    of_requests,
    read_signatures,
)
from tfs_operator.planning import ProbeOrder
from tfs_operator.serving.predict import PredictClient

SEVEN = UserRequest("request seven", '{"instances": [7.0]}')


@dataclass(frozen=True)
class Asked:
    """A server of the model `m`, asked as the operator asks a pod."""

    port: int
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    async def of(self, version: int, question: Question | None = None) -> Probed:
        self.monkeypatch.setattr("tfs_operator.controller.pods.interview.REST_PORT", self.port)
        pod = PodFacts("a", "127.0.0.1", True, False, "", "u/0", None)
        async with PredictClient(timeout_seconds=60.0) as client:
            return await interview(client, ProbeOrder(pod, "m", version, question or Question()), 60.0)


@pytest.fixture
def serve(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asked]:
    """Serves these versions of a base path by their numbers."""

    def serve(base_path: Path, *versions: int) -> Asked:
        (tmp_path / "models.config").write_text(config_list(model_config("m", base_path, *versions)))
        server = start(f"--model_config_file={tmp_path}/models.config", "--max_num_load_retries=0").until_ready()
        eventually(lambda: server.rest.states("m") == dict.fromkeys(versions, "AVAILABLE"))
        return Asked(server.rest_port, monkeypatch)

    return serve


async def test_a_version_that_predicts(serve: Any, library: Any, tmp_path: Path) -> None:
    asked = serve(library.publish(tmp_path / "m", 1), 1)
    assert await asked.of(1) == Probed(Outcome.GOOD)


SPOILT = {
    "an unknown operation": (variants.unknown_operation, "HTTP 404: Op type not registered 'NoSuchOp' in binary"),
    "a function with an input that is not there": (
        variants.missing_input_in_function,
        "HTTP 400: input nowhere:output:0 is not ",
    ),
    "a signature that names no tensor": (variants.missing_output, "nowhere:0, specified in either feed_devices"),
    "no variables": (variants.no_variables, "HTTP 400: Could not find variable "),
    "no variables.index": (variants.no_index, "HTTP 400: Could not find variable "),
}


@pytest.mark.parametrize("kind", SPOILT)
async def test_a_version_that_cannot_predict(kind: str, serve: Any, library: Any, tmp_path: Path) -> None:
    """It is AVAILABLE beside the good one."""
    spoil, words = SPOILT[kind]
    base_path = library.publish(tmp_path / "m", 1)
    asked = serve(variants.publish_changed(library, base_path, 2, spoil), 1, 2)
    probed = await asked.of(2)
    assert probed.outcome is Outcome.BAD
    assert words in probed.words
    assert (await asked.of(1)).outcome is Outcome.GOOD


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda folder: write_table(folder, initialised=False), "Table not initialized."),
        (write_uninitialised, "Could not find variable v."),
    ],
)
async def test_what_nothing_initialises(write: Any, words: str, serve: Any, tmp_path: Path) -> None:
    write(tmp_path / "m" / "1")
    probed = await serve(tmp_path / "m", 1).of(1)
    assert probed.outcome is Outcome.BAD
    assert words in probed.words


class TestBesideTheVersionBefore:
    """Version 2 answers twice what version 1 answers; version 1 of `various` has another signature."""

    async def test_the_same_signatures(self, serve: Any, library: Any, tmp_path: Path) -> None:
        asked = serve(library.publish(tmp_path / "m", 1, 2), 1, 2)
        assert await asked.of(2, Question(frozenset({1}))) == Probed(Outcome.GOOD)

    async def test_other_signatures(self, serve: Any, library: Any, tmp_path: Path) -> None:
        base_path = library.publish(tmp_path / "m", 1)
        library.publish(base_path, 1, model="various", name="2")
        asked = serve(base_path, 1, 2)
        probed = await asked.of(2, Question(frozenset({1})))
        assert probed.outcome is Outcome.BAD
        assert "signature serving_default no longer takes the input x" in probed.words
        allowed = await asked.of(2, Question(frozenset({1}), any_signatures=True))
        assert allowed.outcome is not Outcome.BAD

    async def test_answers_within_a_tolerance(self, serve: Any, library: Any, tmp_path: Path) -> None:
        asked = serve(library.publish(tmp_path / "m", 1, 2), 1, 2)
        near = UserRequest(SEVEN.where, SEVEN.body, tolerance=1.0)
        assert (await asked.of(2, Question(frozenset({1}), requests=(near,)))).outcome is Outcome.GOOD
        far = UserRequest(SEVEN.where, SEVEN.body, tolerance=0.5)
        assert await asked.of(2, Question(frozenset({1}), requests=(far,))) == Probed(
            Outcome.BAD, "request seven: predictions[0] is 14.0 instead of 7.0 by version 1"
        )

    async def test_an_exact_answer(self, serve: Any, library: Any, tmp_path: Path) -> None:
        asked = serve(library.publish(tmp_path / "m", 1, 2), 1, 2)
        exact = UserRequest(SEVEN.where, SEVEN.body, equals='{"predictions": [7.0]}')
        assert (await asked.of(1, Question(requests=(exact,)))).outcome is Outcome.GOOD
        assert (await asked.of(2, Question(requests=(exact,)))).outcome is Outcome.BAD

    async def test_numbers_that_are_not_finite(self, serve: Any, library: Any, tmp_path: Path) -> None:
        asked = serve(library.publish(tmp_path / "m", 1), 1)
        huge = UserRequest(SEVEN.where, '{"instances": [Infinity]}')
        assert await asked.of(1, Question(requests=(huge,))) == Probed(
            Outcome.BAD, "request seven: predictions[0] is Infinity, which is not finite"
        )

    async def test_a_request_that_the_model_refuses(self, serve: Any, library: Any, tmp_path: Path) -> None:
        asked = serve(library.publish(tmp_path / "m", 1), 1)
        wrong = UserRequest(SEVEN.where, '{"instances": ["x"]}')
        probed = await asked.of(1, Question(requests=(wrong,)))
        assert probed.outcome is Outcome.BAD
        assert probed.words.startswith("request seven: HTTP 400: Failed to process element: 0 of 'instances' list.")


REFUSED = {
    *("check", "check_long", "numbers", "parse"),
    *("classify", "classes_only", "scores_only", "classify_wrong", "classify_intscores"),
    *("regress", "regress_column", "regress_wide", "regress_int"),
}
"""Signatures of `kinds` that refuse zeros, or an empty tf.Example: they need a positive number, or a feature."""


@dataclass(frozen=True)
class Kinds:
    """The model `kinds`, which has a signature for each kind of input."""

    rest: Any
    signatures: dict[str, Signature]

    def tried(self, name: str) -> Outcome | None:
        """Each signature as if it were the only one; None where no request can be made up."""
        requests = made_up({name: self.signatures[name]}).requests.get(name, ())
        replies = [self.rest.post("/v1/models/m:predict", request.body) for request in requests]
        judged = [judge(name, Answer(reply.status, reply.text)) for reply in replies]
        return of_requests(judged).outcome if judged else None


@pytest.fixture(scope="module")
def kinds(start_for_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Kinds:
    base_path = tmp_path_factory.mktemp("kinds")
    write_kinds(base_path / "1")
    server = start_for_module("--model_name=m", f"--model_base_path={base_path}").until_ready()
    return Kinds(server.rest, read_signatures(server.rest.get("/v1/models/m/metadata").json))


def test_made_up_requests_are_answered_whatever_the_signature(kinds: Kinds) -> None:
    """None is refused for its form: what is not answered needs other values than zeros."""
    outcomes = {name: kinds.tried(name) for name in kinds.signatures}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.BAD} == set()
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.UNPROVEN} == REFUSED
    assert {"pair", "three", "scalar", "grid", "wide", "words", "seq", "mixed_rank"} <= {
        name for name, outcome in outcomes.items() if outcome is Outcome.GOOD
    }


def test_none_is_made_up_for_what_no_request_can_have(kinds: Kinds) -> None:
    impossible = {name for name in kinds.signatures if kinds.tried(name) is None}
    types = ("half", "bfloat16", "uint16", "complex64")
    assert impossible >= {f"list_{name}" for name in types} | {"serving_default", "no_inputs", "inverse_half"}
    assert {f"list_{name}" for name in ("float", "int8", "uint64", "bool", "string")}.isdisjoint(impossible)
