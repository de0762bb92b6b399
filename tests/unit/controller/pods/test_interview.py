"""How one version is asked, and what is concluded from all of its answers."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.controller.pods.servers import (
    INVALID,
    MISSING_OP,
    PREDICTED,
    SIGNATURES,
    Servers,
    X,
    Y,
    pod,
    refused,
    serving,
)
from tfs_operator.controller.pods.interview import interview
from tfs_operator.domain.verification import Answer, Outcome, Probed, Question, Signature, TensorInfo
from tfs_operator.planning import ProbeOrder
from tfs_operator.serving.errors import ModelServerUnreachable

ORDER = ProbeOrder(pod(), "m", 2, Question())
GONE = ModelServerUnreachable("10.0.0.97", 8501, "no answer in time")


async def asked(servers: Servers, order: ProbeOrder = ORDER, deadline: float = 60.0) -> Probed:
    return await interview(servers, order, deadline)  # type: ignore[arg-type]  # plays the client


async def test_a_version_that_predicts_is_good() -> None:
    servers = serving(2, PREDICTED)
    assert await asked(servers) == Probed(Outcome.GOOD)
    assert [(host, model, version) for host, model, version, _ in servers.asked] == [("10.0.0.97", "m", 2)] * 2
    assert servers.asked[1][3] == {"signature_name": "serving_default", "inputs": {"x": [0.0]}}


async def test_one_that_no_input_can_make_predict_is_bad_with_its_words() -> None:
    assert await asked(serving(2, MISSING_OP)) == Probed(
        Outcome.BAD,
        "a made-up request to signature serving_default: HTTP 404: "
        "Op type not registered 'NoSuchOp' in binary running on HOST.",
    )


async def test_one_that_refuses_the_input_is_unproven() -> None:
    assert (await asked(serving(2, INVALID))).outcome is Outcome.UNPROVEN


async def test_open_sizes_are_tried_until_one_fits() -> None:
    picture = {"x": TensorInfo("DT_FLOAT", (-1, -1, -1, 3))}
    servers = serving(2, INVALID)
    servers.signatures_of[2] = {"serving_default": Signature("serving_default", picture, Y)}

    def predicts_from_32_on(request: Any) -> Answer:
        return PREDICTED if len(request["inputs"]["x"][0]) >= 32 else refused("too small", 500)

    servers.answers[2] = predicts_from_32_on
    assert await asked(servers) == Probed(Outcome.GOOD)
    assert len(servers.asked) == 3


async def test_every_signature_counts_where_none_is_the_default() -> None:
    servers = serving(2, PREDICTED)
    servers.signatures_of[2] = {name: Signature(name, X, Y) for name in ("a", "b", "c")}
    servers.answers[2] = lambda request: MISSING_OP if request["signature_name"] == "b" else PREDICTED
    probed = await asked(servers)
    assert probed.outcome is Outcome.BAD
    assert probed.words.startswith("a made-up request to signature b: ")


async def test_nothing_can_be_made_up() -> None:
    servers = serving(2, PREDICTED)
    servers.signatures_of[2] = {"serving_default": Signature("serving_default", {"x": TensorInfo("DT_HALF", ())}, Y)}
    assert await asked(servers) == Probed(
        Outcome.UNPROVEN,
        "no request can be made up: signature serving_default: "
        "its input x is of type DT_HALF, which no JSON request can have",
    )
    servers.signatures_of[2] = {}
    assert await asked(servers) == Probed(Outcome.UNPROVEN, "no request can be made up: it has no signatures")


async def test_nothing_is_made_up_when_it_is_turned_off() -> None:
    servers = serving(2, MISSING_OP)
    order = ProbeOrder(pod(), "m", 2, Question(made_up=False))
    assert (await asked(servers, order)).outcome is Outcome.UNPROVEN
    assert [body for _, _, _, body in servers.asked] == [None]


async def test_a_version_that_is_unloaded_meanwhile_is_unproven_at_once() -> None:
    assert await asked(Servers()) == Probed(Outcome.UNPROVEN, "its metadata: HTTP 404: Servable not found")


async def test_a_server_that_cannot_be_reached_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfs_operator.controller.pods.interview._PAUSE_SECONDS", 0.0)
    servers = serving(2, PREDICTED, GONE)
    servers.failures += [GONE, GONE]
    assert await asked(servers) == Probed(Outcome.GOOD)


async def test_one_that_does_not_answer_in_time_is_unproven() -> None:
    servers = serving(2, PREDICTED)
    servers.hold(ORDER.pod)
    assert await asked(servers, deadline=0.01) == Probed(Outcome.UNPROVEN, "no answer within 0 s")


async def test_what_was_found_before_the_time_was_over_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfs_operator.controller.pods.interview._PAUSE_SECONDS", 0.0)
    servers = serving(2, PREDICTED)
    servers.signatures_of[2] = {name: Signature(name, X, Y) for name in ("a", "b")}

    def fails_then_falls_silent(_: Any) -> Answer:
        servers.hold(ORDER.pod)
        return MISSING_OP

    servers.answers[2] = fails_then_falls_silent
    probed = await asked(servers, deadline=0.05)
    assert probed.outcome is Outcome.BAD


class TestSignatures:
    """Over which version it would be labelled."""

    OVER_1 = replace(ORDER, question=Question(against=frozenset({1})))

    def servers(self, **inputs: TensorInfo) -> Servers:
        """Version 2 predicts, and takes these inputs; version 1 takes x."""
        servers = serving(2, PREDICTED)
        servers.signatures_of[1] = SIGNATURES
        servers.signatures_of[2] = {"serving_default": Signature("serving_default", inputs, Y)}
        return servers

    async def test_one_that_clients_of_the_other_cannot_use_is_bad(self) -> None:
        probed = await asked(self.servers(x=TensorInfo("DT_INT64", (-1,))), self.OVER_1)
        assert probed == Probed(
            Outcome.BAD,
            "clients of version 1 cannot use it: signature serving_default takes the input x as DT_INT64 [?] instead "
            "of DT_FLOAT [?]. If they are ready for that, set rollout.verify.allowSignatureChange",
        )

    async def test_one_that_they_can_use_still_has_to_predict(self) -> None:
        servers = self.servers(**X)
        assert (await asked(servers, self.OVER_1)).outcome is Outcome.GOOD
        servers.answers[2] = lambda _: MISSING_OP
        assert (await asked(servers, self.OVER_1)).outcome is Outcome.BAD

    async def test_nothing_is_compared_where_no_label_moves_over_it_or_changes_are_allowed(self) -> None:
        servers = self.servers(x=TensorInfo("DT_INT64", (-1,)))
        assert (await asked(servers, ORDER)).outcome is Outcome.GOOD
        allowed = replace(ORDER, question=Question(frozenset({1}), any_signatures=True))
        assert (await asked(servers, allowed)).outcome is Outcome.GOOD
        assert 1 not in {version for _, _, version, _ in servers.asked}

    async def test_one_that_is_not_loaded_here_cannot_be_compared(self) -> None:
        servers = self.servers(x=TensorInfo("DT_INT64", (-1,)))
        del servers.signatures_of[1]
        assert (await asked(servers, self.OVER_1)).outcome is Outcome.GOOD
        only = replace(self.OVER_1, question=Question(frozenset({1}), made_up=False))
        assert await asked(servers, only) == Probed(
            Outcome.UNPROVEN,
            "its signatures could not be compared with those of version 1, which is not loaded here",
        )
