"""Computes the condition ModelsFetched: a chain of named checks, of which the first that returns a verdict decides."""

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.evidence import Check, Evidence, Verdict
from tfs_operator.domain.fetch_status import how_far


def _nothing_to_fetch(evidence: Evidence) -> Verdict | None:
    if evidence.remote:
        return None
    return Verdict("True", Reason.NOTHING_TO_FETCH, "no model comes from a store")


def _no_replicas(evidence: Evidence) -> Verdict | None:
    if evidence.replicas == 0:
        return Verdict("Unknown", Reason.SCALED_TO_ZERO, "replicas is 0, so nothing is fetched")
    return None


def _a_store_fails(evidence: Evidence) -> Verdict | None:
    """Prefers a version's own problem to that of the whole listing, which says less."""
    for pod in (*evidence.pods, *evidence.outside):
        for name in sorted(evidence.remote & pod.fetches.keys()):
            report = pod.fetches[name]
            problems = [version.problem for version in report.versions if version.problem] + [report.problem]
            if problem := next(filter(None, problems), None):
                return Verdict("False", problem.reason, f"model {name} on pod {pod.name}: {problem.message}")
    return None


def _a_version_is_arriving(evidence: Evidence) -> Verdict | None:
    for name, statuses in evidence.fetching.items():
        if statuses:
            return Verdict("False", Reason.FETCHING, f"model {name}: {'; '.join(map(how_far, statuses))}")
    return None


def _a_fetcher_is_silent(evidence: Evidence) -> Verdict | None:
    """Reports a fetcher beside a ready server by name; one that has not started yet is a part of deploying."""
    for pod in evidence.pods:
        if pod.ready and pod.unreported:
            words = f"the fetcher of pod {pod.name} does not answer the operator: {pod.unreported}"
            return Verdict("Unknown", Reason.FETCHER_UNREACHABLE, words)
    if any(not evidence.remote <= pod.fetches.keys() for pod in evidence.pods) or not evidence.pods:
        return Verdict("Unknown", Reason.DEPLOYING, "not every pod has started to fetch")
    return None


def _all_fetched(_: Evidence) -> Verdict | None:
    words = "every pod holds every version that the spec asks for, complete and verified"
    return Verdict("True", Reason.FETCHED, words)


FETCH_CHECKS: tuple[Check, ...] = (
    _nothing_to_fetch,
    _no_replicas,
    _a_store_fails,
    _a_version_is_arriving,
    _a_fetcher_is_silent,
    _all_fetched,
)
