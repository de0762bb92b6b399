"""What is wrong with a folder on a claim or a host path that a version of the spec should come from, by the agents."""

from collections.abc import Iterable, Iterator

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, ModelReport
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import PodObservation


def folder_lacks_a_version(evidence: Evidence) -> Verdict | None:
    """Returns the first version that is not served, since its folder is missing, not whole or unreadable. One that a
    server has given up is left to the server's own words."""
    for model in evidence.aspired.models:
        step = evidence.steps.get(model.name)
        for pod in evidence.pods:
            for words, problem in _lacking(model, pod, frozenset(step.failed) if step else frozenset()):
                return Verdict("False", problem.reason, f"model {model.name} on pod {pod.name}: {words}")
    return None


_NOT_THERE = (Reason.VERSION_NOT_FOUND, Reason.NO_VERSIONS)


def missing_folders(model: ModelConfig, pods: Iterable[PodObservation]) -> dict[int, str]:
    """Returns the versions of the spec that some pod neither serves nor finds on its volume, in the words of the first
    such pod's agent."""
    found: dict[int, str] = {}
    for pod in pods:
        report = pod.fetches.get(model.name)
        if report is None or not report.local:
            continue
        for version in sorted(_named(model) - pod.model(model.name).available - found.keys()):
            problem = _problem(report, version)
            if problem is not None and problem.reason in _NOT_THERE:
                found[version] = f"version {version} on pod {pod.name}: {problem.message}"
    return found


def stalled(model: ModelConfig, pods: Iterable[PodObservation]) -> str:
    """Returns why a server of one of the pods finds no new version of the model, though its own folder may be fine;
    empty where nothing keeps it from that."""
    for pod in pods:
        for name, report in pod.fetches.items():
            if name != model.name and report.local and not report.readable:
                return _stalls(pod.name, name, report)
    return ""


def _stalls(pod: str, name: str, report: ModelReport) -> str:
    why = report.problem.message if report.problem else report.uri
    return f"the server of pod {pod} finds no new version of any model while it cannot read that of model {name}: {why}"


def _lacking(model: ModelConfig, pod: PodObservation, failed: frozenset[int]) -> Iterator[tuple[str, FetchProblem]]:
    report = pod.fetches.get(model.name)
    if report is None or not report.local:
        return
    available = pod.model(model.name).available
    for version in sorted(_named(model) - available - failed):
        if problem := _problem(report, version):
            yield f"{problem.message}{_needed_by(model, version)}", problem
    if report.problem and not available and not isinstance(model.policy, Specific):
        yield report.problem.message, report.problem


def _named(model: ModelConfig) -> frozenset[int]:
    versions = model.policy.versions if isinstance(model.policy, Specific) else ()
    return frozenset(versions) | frozenset(model.labels.values())


def _problem(report: ModelReport, version: int) -> FetchProblem | None:
    found = report.version(version)
    if found is None or found.state is FetchState.FETCHED:
        return None
    return found.problem or report.problem


def _needed_by(model: ModelConfig, version: int) -> str:
    labels = sorted(label for label, number in model.labels.items() if number == version)
    if not labels:
        return ""
    return f"; label{'s' * (len(labels) > 1)} {', '.join(labels)} need{'s' * (len(labels) == 1)} it"
