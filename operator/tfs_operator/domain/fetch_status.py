"""How far the versions of fetched models are on their way to the pods, from what the pods' fetchers report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tfs_operator.api.conditions import Reason
from tfs_operator.api.status import FetchStatus
from tfs_operator.domain.fetch_protocol import FetchState, ModelReport, VersionReport
from tfs_operator.domain.observation import PodObservation

MAX_LISTED = 64
_MESSAGE_LIMIT = 2000
_STORE_LACKS_IT = {
    Reason.VERSION_NOT_FOUND,
    Reason.NO_VERSIONS,
    Reason.NO_SAVED_MODEL,
    Reason.INCOMPLETE_VERSION,
    Reason.ARCHIVE_REFUSED,
    Reason.STORE_NOT_FOUND,
}
_ORDER = (FetchState.FAILED, FetchState.WAITING, FetchState.FETCHING)
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def arriving(report: ModelReport | None, pod: str) -> dict[int, str]:
    """Versions that are ordered and on their way, in words that stay the same while bytes arrive. A store that does
    not answer, or refuses, keeps them on their way."""
    return {number: words for number, words, definite in _missing(report, pod) if not definite}


def unfetchable(report: ModelReport | None, pod: str) -> dict[int, str]:
    """Versions that are ordered and that the store does not have, or not as a whole model."""
    return {number: words for number, words, definite in _missing(report, pod) if definite}


_NOT_THERE = {Reason.VERSION_NOT_FOUND, Reason.NO_VERSIONS}


def nowhere(report: ModelReport | None) -> frozenset[int]:
    """Versions that are ordered and that no server can load now: the store lacks them, or the volume has no folder. A
    server on a volume loads also what does not look whole."""
    if report is None:
        return frozenset()
    lacking = _NOT_THERE if report.local else _STORE_LACKS_IT
    problems = ((each.version, each.problem or report.problem) for each in _absent(report))
    return frozenset(version for version, problem in problems if problem and problem.reason in lacking)


def _missing(report: ModelReport | None, pod: str) -> Iterator[tuple[int, str, bool]]:
    for version in _absent(report):
        problem = version.problem or (report.problem if report else None)
        if report is not None and report.local and problem is None and version.state is FetchState.WAITING:
            continue  # it is only looked for, by the server as well
        definite = problem is not None and problem.reason in _STORE_LACKS_IT
        yield version.version, _words(version, report, pod), definite


def fetched(report: ModelReport | None) -> frozenset[int]:
    """Versions that are there, whole and checked."""
    versions = report.versions if report else ()
    return frozenset(version.version for version in versions if version.state is FetchState.FETCHED)


def contents(report: ModelReport | None) -> dict[int, str]:
    """What identifies the files of each version that is there, as far as that is known."""
    versions = report.versions if report else ()
    return {each.version: each.content for each in versions if each.state is FetchState.FETCHED and each.content}


def listed(report: ModelReport | None) -> frozenset[int] | None:
    """Returns the versions that are whole in the store or in the folder; None where that is not known."""
    return None if report is None or report.listed is None else frozenset(report.listed)


def fetch_statuses(model: str, pods: Iterable[PodObservation]) -> list[FetchStatus]:
    """Each version that some pod lacks, as it stands on the pod that is the furthest behind; of very many the
    newest."""
    last: dict[int, FetchStatus] = {}
    for pod in pods:
        for status in _statuses(pod.fetches.get(model), pod.name):
            if status.version not in last or _progress(status) < _progress(last[status.version]):
                last[status.version] = status
    return [last[version] for version in sorted(last)[-MAX_LISTED:]]


def _statuses(report: ModelReport | None, pod: str) -> Iterator[FetchStatus]:
    for version in _absent(report):
        problem = version.problem or (report.problem if report else None)
        yield FetchStatus.model_validate(
            {
                "version": version.version,
                "state": version.state.value,
                "pod": pod,
                "bytes": version.bytes,
                "totalBytes": version.total_bytes,
                "bytesPerSecond": version.bytes_per_second,
                "message": problem.message[:_MESSAGE_LIMIT] if problem else "",
            }
        )


def _absent(report: ModelReport | None) -> Sequence[VersionReport]:
    return [version for version in (report.versions if report else ()) if version.state is not FetchState.FETCHED]


def _progress(status: FetchStatus) -> tuple[int, float]:
    return _ORDER.index(FetchState(status.state)), status.bytes / max(status.total_bytes, 1)


def _words(version: VersionReport, report: ModelReport | None, pod: str) -> str:
    problem = version.problem or (report.problem if report else None)
    if problem is not None and report is not None and report.local:
        return f"version {version.version} on pod {pod}: {problem.message}"
    if problem is not None:
        return f"version {version.version} cannot be fetched to pod {pod}: {problem.message}"
    if report is not None and report.local:
        return f"version {version.version} is being written to {report.uri}, seen from pod {pod}"
    source = report.uri if report else "the store"
    return f"version {version.version} is being fetched from {source} to pod {pod}"


def how_far(status: FetchStatus) -> str:
    """`version 2 on pod a: 45% of 1.2 GiB, 110 MiB/s`."""
    where = f"version {status.version} on pod {status.pod}"
    if not status.total_bytes:
        return f"{where}: waiting"
    share = 100 * status.bytes // status.total_bytes
    rate = f", {size(status.bytes_per_second)}/s" if status.bytes_per_second else ""
    return f"{where}: {share}% of {size(status.total_bytes)}{rate}"


def size(count: float) -> str:
    """Bytes for people: `1.2 GiB`."""
    for unit in _UNITS:
        if count < 1024 or unit == _UNITS[-1]:
            break
        count /= 1024
    return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"


def refreshed(
    shown: Mapping[str, Sequence[FetchStatus]], now: Mapping[str, Sequence[FetchStatus]], *, due: bool
) -> Mapping[str, Sequence[FetchStatus]]:
    """What to show of `now`: bytes alone are news only when they are due, since each write has its price."""
    return now if due or _without_figures(shown) != _without_figures(now) else shown


def _without_figures(statuses: Mapping[str, Sequence[FetchStatus]]) -> object:
    return {
        model: [(each.version, each.state, each.pod, each.message) for each in found]
        for model, found in statuses.items()
    }
