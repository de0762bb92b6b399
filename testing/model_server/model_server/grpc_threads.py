"""--grpc_max_threads: how many calls gRPC answers at once, and what it tells the others.

Each call occupies a thread from its arrival to its answer, also while it waits in a batch or for a reload. A call that
finds none is refused, not kept waiting. (gRPC's src/cpp/thread_manager/thread_manager.cc, src/cpp/server/server_cc.cc;
the health service needs no thread)
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from model_server import crash, log

SOURCE = "../src/cpp/thread_manager/thread_manager.cc"
EXHAUSTED = "Server Threadpool Exhausted"
_HEALTH = "/grpc.health.v1.Health/"
_SPARE_THREADS = 16
"""Python's own, beside those that are counted: they refuse calls, and answer the health service."""

Handle = Callable[[Any, grpc.ServicerContext], Any]
Continuation = Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler | None]


def most_calls(threads: int) -> int:
    """Returns how many calls `threads` surely answer at once. One thread waits for the next call, and one that has
    answered is not free at once, so the real server refuses calls from (threads - 1) callers on."""
    return max(threads - 2, min(threads - 1, 1), 0)


def require_a_thread(threads: int) -> None:
    """Aborts the process, as gRPC does, where there is no thread to wait for a call."""
    if threads < 1:
        log.error(
            SOURCE,
            "No thread quota available to even create the minimum required polling threads (i.e 1). "
            "Unable to start the thread manager",
        )
        crash.end_by_sigabrt()


def thread_pool(threads: int) -> ThreadPoolExecutor:
    """Returns a pool that never lets a call wait: it has a thread for each that is answered, and some to refuse."""
    return ThreadPoolExecutor(most_calls(threads) + _SPARE_THREADS, thread_name_prefix="grpc")


class CallLimit(grpc.ServerInterceptor):  # type: ignore[misc]  # its base is an Any
    """Refuses the calls that are too many, whatever they ask for."""

    def __init__(self, threads: int) -> None:
        self._free = threading.Semaphore(most_calls(threads))

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler | None:
        """Returns the method's handler, which occupies a thread once it runs. Methods that do not exist need none."""
        handler = continuation(handler_call_details)
        if handler is None or not handler.unary_unary or handler_call_details.method.startswith(_HEALTH):
            return handler
        return grpc.unary_unary_rpc_method_handler(
            self._limited(handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )

    def _limited(self, handle: Handle) -> Handle:
        def limited(request: Any, context: grpc.ServicerContext) -> Any:
            if not self._free.acquire(blocking=False):
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, EXHAUSTED)
            try:
                return handle(request, context)
            finally:
                self._free.release()

        return limited
