"""The load generator tells the truth: against servers on this machine whose answers, and failures, are known."""

import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest
import urllib3

from testing.clients import asking, load
from testing.waiting import eventually

QUESTION = asking.Question("digits", "stable", [0.5], {1: [0.1, 0.9], 2: [0.8, 0.2]})


@dataclass
class Servers:
    """A REST and a gRPC server; each answers as `version` does, unless `refuse` says otherwise."""

    url: str = ""
    address: str = ""
    version: int = 1
    refuse: str = ""
    hang_up: bool = False
    hang_up_every: int = 0
    claim: int = 0
    seconds: float = 0
    paths: set[str] = field(default_factory=set)
    peers: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connects(self) -> dict[str, asking.Connect]:
        return asking.by_both(self.url, self.address, QUESTION)

    def asked(self, peer: str) -> list[float]:
        with self.lock:
            self.peers.append(peer)
        time.sleep(self.seconds)
        return list(QUESTION.answers.get(self.version, [0.5, 0.5]))


def rest_handler(servers: Servers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            servers.paths.add(self.path)
            assert body == {"instances": [[0.5]]}
            probabilities = servers.asked(f"REST {self.client_address}")
            if servers.hang_up or (servers.hang_up_every and len(servers.peers) % servers.hang_up_every == 0):
                self.close_connection = True
                return
            answer = {"error": servers.refuse} if servers.refuse else {"predictions": [probabilities]}
            text = json.dumps(answer).encode()
            self.send_response(400 if servers.refuse else 200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def predict(servers: Servers) -> Callable[[Any, Any], Any]:
    from tensorflow_serving.apis import predict_pb2

    def answer(request: Any, context: Any) -> Any:
        probabilities = servers.asked(f"gRPC {context.peer()}")
        assert (request.model_spec.name, request.model_spec.version_label) == ("digits", "stable")
        if servers.refuse:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, servers.refuse)
        response = predict_pb2.PredictResponse()
        response.outputs["probabilities"].float_val.extend(probabilities)
        response.model_spec.version.value = servers.claim or servers.version
        return response

    return answer


@pytest.fixture
def servers() -> Iterator[Servers]:
    from tensorflow_serving.apis import predict_pb2

    state = Servers()
    rest = ThreadingHTTPServer(("127.0.0.1", 0), rest_handler(state))
    thread = threading.Thread(target=rest.serve_forever, args=(0.05,))
    thread.start()
    rpc = grpc.server(ThreadPoolExecutor(8))
    method = grpc.unary_unary_rpc_method_handler(
        predict(state),
        predict_pb2.PredictRequest.FromString,
        predict_pb2.PredictResponse.SerializeToString,
    )
    handler = grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", {"Predict": method})
    rpc.add_generic_rpc_handlers((handler,))
    state.address = f"127.0.0.1:{rpc.add_insecure_port('127.0.0.1:0')}"
    state.url = f"http://127.0.0.1:{rest.server_address[1]}"
    rpc.start()
    yield state
    rest.shutdown()
    thread.join()
    rest.server_close()
    rpc.stop(None).wait(5)


def test_every_request_is_answered_and_counted_on_both_protocols(servers: Servers) -> None:
    with load.steady(servers.connects(), load.Bounds(rate=100)) as running:
        running.await_more(30)
        report = running.report()
    assert report.failures == []
    assert {protocol: report.versions(protocol) for protocol in ("REST", "gRPC")} == {"REST": {1}, "gRPC": {1}}
    assert len(report.answers) == len(servers.peers)
    assert servers.paths == {"/v1/models/digits/labels/stable:predict"}


def test_the_load_keeps_to_its_rate(servers: Servers) -> None:
    with load.steady(servers.connects(), load.Bounds(rate=50)) as running:
        running.await_more(50)
        report = running.report()
    lanes: dict[tuple[str, int], list[float]] = defaultdict(list)
    for answer in report.answers:
        lanes[answer.protocol, answer.connection[0]].append(answer.due)
    every = running.bounds.at_once / 50  # each lane by itself: at the end one may be a request behind the next
    for due in lanes.values():
        assert [b - a for a, b in itertools.pairwise(sorted(due))] == pytest.approx([every] * (len(due) - 1))
    firsts = sorted(min(due) for (protocol, _), due in lanes.items() if protocol == "REST")
    assert [b - a for a, b in itertools.pairwise(firsts)] == pytest.approx([1 / 50] * (len(firsts) - 1))
    assert all(answer.sent >= answer.due for answer in report.answers)


def test_a_server_that_is_slow_meets_no_more_than_the_connections_there_are(servers: Servers) -> None:
    servers.seconds = 0.2
    with load.steady(servers.connects(), load.Bounds(rate=1000, at_once=2)) as running:
        running.await_more(6)
        report = running.report()
    assert report.milliseconds(100) > 400, "the time that a request waited for its turn counts"
    assert report.at_once() == len(servers.connects()) * 2
    for answer in report.answers:
        meanwhile = [a for a in report.answers if a.protocol == answer.protocol and a.sent <= answer.sent < a.done]
        assert len(meanwhile) <= 2


@pytest.mark.parametrize("bounds", [load.Bounds(rate=200, count=20), load.Bounds(rate=200, seconds=0.2)], ids=str)
def test_a_load_that_nobody_stops_ends_by_itself_and_says_so(servers: Servers, bounds: load.Bounds) -> None:
    with load.steady(servers.connects(), bounds) as running:
        for thread in running.threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in running.threads)
        assert len(running.answers) <= 2 * 41
        with pytest.raises(load.LoadEndedError):
            running.report()


def test_new_connections_are_made_all_along(servers: Servers) -> None:
    with load.steady(servers.connects(), load.Bounds(rate=200, at_once=1, per_connection=5)) as running:
        running.await_more(30)
        report = running.report()
    for protocol in ("REST", "gRPC"):
        peers = [peer for peer in servers.peers if peer.startswith(protocol)]
        most = max(peers.count(peer) for peer in set(peers))
        assert most == 5, "one connection carries so many requests, and no more"
        made = {answer.connection for answer in report.answers if answer.protocol == protocol}
        assert len(made) == len(set(peers))


def test_a_connection_is_replaced_once_it_is_old(servers: Servers) -> None:
    bounds = load.Bounds(rate=100, at_once=1, per_connection=10_000, connection_seconds=0.05)
    with load.steady(servers.connects(), bounds) as running:
        running.await_more(30)
        report = running.report()
    assert all(len({a.connection for a in report.answers if a.protocol == name}) > 1 for name in ("REST", "gRPC"))


def test_a_refusal_is_a_failure_with_the_servers_words(servers: Servers) -> None:
    servers.refuse = "Unrecognized servable version label: stable"
    with load.steady(servers.connects(), load.Bounds(rate=100)) as running:
        running.await_more(4)
        report = running.report()
    assert len(report.failures) == len(report.answers)
    assert all(servers.refuse in failure for failure in report.failures)
    assert report.versions("REST") == report.versions("gRPC") == {None}


def test_a_connection_that_breaks_is_one_failure_and_is_replaced(servers: Servers) -> None:
    with load.steady({"REST": servers.connects()["REST"]}, load.Bounds(rate=100, at_once=1)) as running:
        running.await_more(5)
        servers.hang_up = True
        eventually(lambda: any(answer.failure for answer in running.answers), interval=0.005)
        servers.hang_up = False
        running.await_more(20)
        report = running.report()
    assert 1 <= len(report.failures) <= 3
    assert all(f"{load.BROKEN}: Remote end closed connection" in failure for failure in report.failures)


ONE_FOR_ALL = load.Bounds(rate=100, at_once=1, per_connection=10_000)


def kept(servers: Servers, retries: urllib3.Retry | bool) -> dict[str, asking.Connect]:
    return {"REST": asking.by_kept_rest(servers.url, QUESTION, retries)}


def test_a_client_that_tries_again_loses_nothing_when_its_connection_breaks(servers: Servers) -> None:
    servers.hang_up_every = 5
    with load.steady(
        kept(servers, asking.TRY_AGAIN), load.Bounds(rate=100, at_once=1, per_connection=10_000)
    ) as running:
        running.await_more(40)
        report = running.report()
    assert report.failures == []
    assert len(servers.peers) > len(report.answers), "each request that was cut has been asked for twice"


def test_a_client_that_does_not_try_again_loses_a_request_with_its_connection(servers: Servers) -> None:
    servers.hang_up_every = 5
    with load.steady(kept(servers, False), ONE_FOR_ALL) as running:
        eventually(lambda: any(answer.failure for answer in running.answers), interval=0.005)
        report = running.report()
    assert all(load.BROKEN in failure for failure in report.failures)


def test_a_kept_connection_is_one(servers: Servers) -> None:
    with load.steady(kept(servers, asking.TRY_AGAIN), ONE_FOR_ALL) as running:
        running.await_more(60)
        running.report()
    assert len(set(servers.peers)) == 1


def test_a_port_that_nobody_listens_on_is_a_failure(servers: Servers) -> None:
    gone = "127.0.0.1:1"
    connects = {
        "REST": asking.by_rest(f"http://{gone}", QUESTION),
        "REST, kept": asking.by_kept_rest(f"http://{gone}", QUESTION),
        "gRPC": asking.by_grpc(gone, QUESTION),
    }
    with load.steady(connects, load.Bounds(rate=50)) as running:
        eventually(lambda: {answer.protocol for answer in list(running.answers)} == set(connects))
        report = running.report()
    assert len(report.failures) == len(report.answers)
    assert all(load.BROKEN in failure and "refused" in failure for failure in report.failures)


def test_an_answer_of_no_version_is_a_failure(servers: Servers) -> None:
    servers.version = 7
    with load.steady(servers.connects(), load.Bounds(rate=100)) as running:
        running.await_more(4)
        report = running.report()
    assert len(report.failures) == len(report.answers)


def test_an_answer_that_names_another_version_is_a_failure(servers: Servers) -> None:
    servers.claim = 2
    with load.steady(servers.connects(), load.Bounds(rate=100)) as running:
        running.await_more(4)
        report = running.report()
    assert (report.versions("REST"), report.versions("gRPC")) == ({1}, {None})
    assert all("says it is version 2's" in failure for failure in report.failures)


def test_a_step_back_shows_in_what_one_connection_saw(servers: Servers) -> None:
    with load.steady(servers.connects(), load.Bounds(rate=100, at_once=1, per_connection=10_000)) as running:
        for version in (1, 2, 1):
            servers.version = version
            running.await_more(5)
        report = running.report()
    assert report.histories() == {(1, 2, 1)}


def test_versions_are_told_by_time(servers: Servers) -> None:
    with load.steady(servers.connects(), load.Bounds(rate=100)) as running:
        running.await_more(5)
        before = time.monotonic()
        servers.version = 2
        moved = time.monotonic()
        running.await_more(20)
        report = running.report()
    for protocol in ("REST", "gRPC"):
        assert report.versions(protocol, until=before) == {1}
        assert report.versions(protocol, since=moved) == {2}


@pytest.mark.parametrize("host", ["10.0.0.1", "192.0.2.7", "8.8.8.8"])
def test_load_goes_to_this_machine_alone(host: str) -> None:
    with pytest.raises(ValueError, match="not this machine"):
        asking.by_rest(f"http://{host}:8501", QUESTION)
    with pytest.raises(ValueError, match="not this machine"):
        asking.by_kept_rest(f"http://{host}:8501", QUESTION)
    with pytest.raises(ValueError, match="not this machine"):
        asking.by_grpc(f"{host}:8500", QUESTION)
