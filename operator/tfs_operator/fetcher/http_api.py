"""Serves the agent's HTTP: orders, reports, probes and metrics."""

from aiohttp import web
from pydantic import ValidationError

from tfs_operator.domain.fetch_protocol import (
    CHANGES_PATH,
    CHANGES_SECONDS,
    HEALTH_PATH,
    IN_STEP_PATH,
    ORDER_PATH,
    READY_PATH,
    FetchOrder,
    FetchReport,
)
from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.fetcher.agent import MAX_BEAT_AGE_SECONDS, Agent
from tfs_operator.fetcher.metrics import FetcherMetrics

MAX_ORDER_BYTES = 1024 * 1024
METRICS_PATH = "/metrics"


def application(agent: Agent, metrics: FetcherMetrics) -> web.Application:
    """Returns the agent's routes. They need no login: as with the model server's own reload, a NetworkPolicy says who
    may connect."""

    async def order(request: web.Request) -> web.Response:
        try:
            agent.order(FetchOrder.model_validate(decode(await request.read())))
        except NotJson as error:
            return web.Response(status=400, text=f"order: it {error}\n")
        except ValidationError as error:
            return web.Response(status=400, text=_problem_lines(error))
        return _json(agent.report())

    async def report(_: web.Request) -> web.Response:
        return _json(agent.report())

    async def changes(request: web.Request) -> web.Response:
        return web.Response(text=await agent.revision.until_other(request.query.get("seen", ""), CHANGES_SECONDS))

    async def ready(_: web.Request) -> web.Response:
        return _verdict(agent.ready(), "some versions that the model server starts with are not there yet")

    async def in_step(_: web.Request) -> web.Response:
        why_not = agent.why_not_in_step()
        return _verdict(why_not is None, why_not or "")

    async def healthy(_: web.Request) -> web.Response:
        age = agent.health.age
        return _verdict(age <= MAX_BEAT_AGE_SECONDS, f"the event loop was busy for {age:.0f} s")

    async def expose(_: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})

    app = web.Application(client_max_size=MAX_ORDER_BYTES)
    app.add_routes([web.put(ORDER_PATH, order), web.get(ORDER_PATH, report), web.get(CHANGES_PATH, changes)])
    app.add_routes(
        [
            web.get(READY_PATH, ready),
            web.get(IN_STEP_PATH, in_step),
            web.get(HEALTH_PATH, healthy),
            web.get(METRICS_PATH, expose),
        ]
    )
    return app


def _json(report: FetchReport) -> web.Response:
    return web.Response(text=report.model_dump_json(), content_type="application/json")


def _verdict(well: bool, otherwise: str) -> web.Response:
    return web.Response(status=200 if well else 503, text="ok\n" if well else f"{otherwise}\n")


def _problem_lines(error: ValidationError) -> str:
    """One line for each invalid field, with its path."""
    lines = (f"{'.'.join(map(str, problem['loc'])) or 'order'}: {problem['msg']}" for problem in error.errors())
    return "\n".join(lines) + "\n"
