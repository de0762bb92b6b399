"""Typed tuning of the server, as far as the server itself: it starts with it, acts on it, and takes a change of it."""

import json
import urllib.error
import urllib.request

from testing.fleet.served import NAME, Served

EVERYTHING = {
    "batching": {
        "maxBatchSize": 2,
        "batchTimeoutMicros": 1000,
        "maxEnqueuedBatches": 5,
        "numBatchThreads": 1,
        "allowedBatchSizes": [1, 2],
        "padVariableLengthInputs": True,
    },
    "warmup": {"iterations": 2},
    "parallelism": {"intraOp": 1, "interOp": 1, "restThreads": 8},
    "grpc": {"maxConnectionAgeSeconds": 60, "maxConnectionAgeGraceSeconds": 10},
}


def predicted(address: str, rows: int) -> str:
    """The answer's text, or the refusal's."""
    body = json.dumps({"instances": [1.0] * rows}).encode()
    try:
        with urllib.request.urlopen(f"http://{address}:8501/v1/models/{NAME}:predict", body, timeout=10) as answer:
            return str(json.load(answer)["predictions"])
    except urllib.error.HTTPError as error:
        with error:
            return str(json.load(error)["error"])


def answers(served: Served, rows: int) -> list[str]:
    return [predicted(pod.address, rows) for pod in served.pods]


def test_servers_start_with_it_and_a_change_of_the_file_replaces_them(alone: Served) -> None:
    """Batching is told by the largest request: a server reads its file at its start only."""
    first = alone.pods
    alone.edit(server=EVERYTHING)
    alone.until_done(60)
    batching = alone.pods
    assert not {*first} & {*batching}
    assert answers(alone, 2) == ["[2.0, 2.0]"] * 2
    assert answers(alone, 3) == ["Task size 3 is larger than maximum input batch size 2"] * 2
    assert all("unknown argument" not in pod.log.read_text() for pod in batching)

    alone.edit(server={"batching": {"maxBatchSize": 3, "allowedBatchSizes": [1, 3]}})
    alone.until_done(60)
    assert not {*batching} & {*alone.pods}
    assert answers(alone, 3) == ["[2.0, 2.0, 2.0]"] * 2
    assert answers(alone, 4) == ["Task size 4 is larger than maximum input batch size 3"] * 2

    alone.edit(server={"batching": None})
    alone.until_done(60)
    assert "batching.config" not in alone.config_map()["data"]
    assert answers(alone, 4) == ["[2.0, 2.0, 2.0, 2.0]"] * 2


def test_a_label_still_moves_without_a_new_pod(alone: Served) -> None:
    alone.edit(server={"batching": {"maxBatchSize": 8}})
    alone.until_done(60)
    before = alone.pods
    alone.folder.publish(2)
    alone.edit(versionLabels={"stable": 2})
    alone.until_done()
    assert alone.answers("stable") == [2, 2]
    assert alone.pods == before
