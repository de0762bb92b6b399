"""Who asks a label all along has an answer from before the change."""

import json
import time

from testing.http_server import answering
from testing.local_cluster.model_client import AskedModel


def slow() -> tuple[int, bytes]:
    time.sleep(0.2)  # as on a machine that is busy: else the answer might be there by chance
    return 200, json.dumps({"predictions": [[1.0]]}).encode()


def test_there_is_an_answer_before_the_block_begins() -> None:
    with answering(slow) as address, AskedModel(address, "mnist", b"{}").asking("stable") as answers:
        before = len(answers)
    assert before >= 1
    assert len(answers) > before
