"""Computes the conditions: each is a chain of named checks, and the first that returns a verdict decides.

Pure: takes what was observed, returns (status, reason, message). `domain.conditions` adds the times.
"""

from dataclasses import replace

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.domain.evidence import Check, Evidence, Verdict, first
from tfs_operator.domain.fetch_checks import FETCH_CHECKS
from tfs_operator.domain.folder_checks import folder_lacks_a_version
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, END, PodObservation, Problem
from tfs_operator.domain.recycle_checks import memory_bounded
from tfs_operator.domain.room import tight
from tfs_operator.domain.scaling_checks import keda_is_missing, scaling_active
from tfs_operator.domain.times import rfc3339_seconds, since


def all_conditions(evidence: Evidence) -> dict[ConditionType, Verdict]:
    """Returns the verdict of every condition of one TFModel that is acted on."""
    fetched = first(FETCH_CHECKS, evidence)
    versions = first(VERSION_CHECKS, evidence)
    labels = first(LABEL_CHECKS, evidence)
    ready = _ready(evidence, fetched, versions, labels)
    return {
        ConditionType.READY: ready,
        ConditionType.MODELS_FETCHED: fetched,
        ConditionType.VERSIONS_AVAILABLE: versions,
        ConditionType.LABELS_APPLIED: labels,
        ConditionType.PROGRESSING: _progressing(evidence, ready),
        **({ConditionType.SCALING_ACTIVE: scaling_active(evidence.autoscaler)} if evidence.autoscaler else {}),
        **({ConditionType.MEMORY_BOUNDED: memory_bounded(evidence.recycle, evidence.now)} if evidence.recycle else {}),
    }


def inactive_conditions(problem: Problem) -> dict[ConditionType, Verdict]:
    """Returns the conditions of a TFModel that is not acted on: its spec is invalid, not allowed or suspended."""
    reason = Reason(problem.reason)
    return {
        ConditionType.READY: Verdict("False", reason, problem.message),
        ConditionType.PROGRESSING: Verdict("False", reason, problem.message),
    }


def _no_pod_answers(evidence: Evidence) -> Verdict | None:
    if evidence.judged_pods:
        return None
    if evidence.replicas == 0:
        return Verdict("Unknown", Reason.SCALED_TO_ZERO, "replicas is 0, so no pod can be queried")
    awaited, waiting = _awaited(evidence)
    return Verdict("Unknown", Reason.DEPLOYING, f"no pod is ready to be queried{awaited}", waiting)


def _no_pod_is_ready(evidence: Evidence) -> Verdict | None:
    """Says so of pods that answer, once they lack nothing."""
    return None if evidence.ready_pods else Verdict("Unknown", Reason.DEPLOYING, "no pod is ready")


def _awaited(evidence: Evidence) -> tuple[str, str]:
    """Returns what the first model without a ready pod waits for, and since when."""
    for name, step in evidence.steps.items():
        if not step.action.traits.has_ready_pods:
            return f"; model {name}: {step.message}", f"waiting {since(step.memory.since, evidence.now)}"
    return "", ""


def _a_pod_does_not_answer(evidence: Evidence) -> Verdict | None:
    for pod in evidence.ready_pods:
        if pod.problem is not None:
            return Verdict("Unknown", Reason(pod.problem.reason), pod.problem.message)
    return None


def _a_version_failed(evidence: Evidence) -> Verdict | None:
    for name, step in evidence.steps.items():
        if step.failed:
            return Verdict("False", Reason.VERSION_FAILED, f"model {name} {'; '.join(step.failed.values())}")
    return None


def _a_version_is_not_found(evidence: Evidence) -> Verdict | None:
    for name, step in evidence.steps.items():
        if step.absent:
            words = f"model {name} {'; '.join(step.absent.values())}"
            waiting = f"looked for {since(step.memory.since, evidence.now)}"
            return Verdict("False", Reason.VERSION_NOT_FOUND, words, waiting)
    return None


def _a_version_cannot_be_asked(evidence: Evidence) -> Verdict | None:
    """Reported once a model is on its way to its spec: its new version waits then."""
    for name, problem in evidence.verify_problems.items():
        step = evidence.steps.get(name)
        if step is not None and not step.action.traits.serving:
            return Verdict("False", Reason.VERIFY_NOT_READABLE, f"model {name} waits with new versions: {problem}")
    return None


def _a_version_is_missing(evidence: Evidence) -> Verdict | None:
    """A server that refuses its configuration never loads the version, so the refusal is reported instead."""
    for model in evidence.aspired.models:
        for pod in _running(evidence, model):
            if missing := _missing(model, pod):
                parts = (f"model {model.name} on pod {pod.name}: {missing}", tight(evidence, pod))
                words = "; ".join(filter(None, parts))
                waiting = _waiting(evidence, model.name)
                reason = Reason.FETCHING if _is_fetching(evidence, model.name) else Reason.LOADING
                return _reload_was_refused(evidence) or Verdict("False", reason, words, waiting)
    return None


def _running(evidence: Evidence, model: ModelConfig) -> list[PodObservation]:
    return [pod for pod in evidence.judged_pods if model.name not in pod.lacks]


def _a_pod_has_other_models(evidence: Evidence) -> Verdict | None:
    for pod in evidence.judged_pods:
        if pod.lacks:
            words = f"pod {pod.name} was made without model {min(pod.lacks)}, and is being replaced"
            return Verdict("False", Reason.DEPLOYING, words)
    return None


def _is_fetching(evidence: Evidence, model: str) -> bool:
    step = evidence.steps.get(model)
    return step is not None and step.action.traits.fetching


def _waiting(evidence: Evidence, model: str) -> str:
    step = evidence.steps.get(model)
    return f"waiting {since(step.memory.since, evidence.now)}" if step and step.action.traits.timed else ""


def _missing(model: ModelConfig, pod: PodObservation) -> str | None:
    available = pod.model(model.name).available
    if isinstance(model.policy, Specific):
        waiting = [str(version) for version in model.policy.versions if version not in available]
        return f"waiting for version {', '.join(waiting)} to be {AVAILABLE}" if waiting else None
    return None if available else f"no version is {AVAILABLE}{_why_none(model, pod)}"


def _why_none(model: ModelConfig, pod: PodObservation) -> str:
    """A server shows all that it has found, also what has failed or is being loaded."""
    found = [status for status in pod.model(model.name).versions if status.state != END or status.failed]
    return "" if found else f": the server finds none below {model.base_path}"


def _all_versions_available(_: Evidence) -> Verdict | None:
    return Verdict("True", Reason.COMPLETE, "every version that the spec asks for is AVAILABLE on every ready pod")


VERSION_CHECKS: tuple[Check, ...] = (
    folder_lacks_a_version,
    _a_version_failed,
    _no_pod_answers,
    _a_version_is_not_found,
    _a_pod_does_not_answer,
    _a_version_cannot_be_asked,
    _a_version_is_missing,
    _a_pod_has_other_models,
    _no_pod_is_ready,
    _all_versions_available,
)


def _no_labels(evidence: Evidence) -> Verdict | None:
    if any(model.labels for model in evidence.aspired.models):
        return None
    return Verdict("True", Reason.NO_LABELS, "the spec has no version labels")


def _reload_was_refused(evidence: Evidence) -> Verdict | None:
    problem = evidence.reload_problem
    return Verdict("False", Reason(problem.reason), problem.message) if problem else None


def _a_label_is_behind(evidence: Evidence) -> Verdict | None:
    for model in evidence.aspired.models:
        for pod in _running(evidence, model):
            if behind := _behind(model, pod):
                words = f"model {model.name} on pod {pod.name}: {behind}"
                return Verdict("False", Reason.LABELING, words, _waiting(evidence, model.name))
    return None


def _behind(model: ModelConfig, pod: PodObservation) -> str | None:
    answers = pod.model(model.name).labels
    for label, version in model.labels.items():
        if answers.get(label) != version:
            now = f"version {answers[label]}" if label in answers else "nothing"
            return f"label {label} answers {now}, expected version {version}"
    return None


def _all_labels_applied(_: Evidence) -> Verdict | None:
    return Verdict("True", Reason.COMPLETE, "every ready pod answers every label with its version")


LABEL_CHECKS: tuple[Check, ...] = (
    _no_labels,
    _no_pod_answers,
    _a_pod_does_not_answer,
    _reload_was_refused,
    _a_label_is_behind,
    _a_pod_has_other_models,
    _no_pod_is_ready,
    _all_labels_applied,
)


def _ready(evidence: Evidence, fetched: Verdict, versions: Verdict, labels: Verdict) -> Verdict:
    if evidence.blocked is not None:
        return Verdict("False", Reason(evidence.blocked.reason), evidence.blocked.message)
    if evidence.replicas == 0:
        return Verdict("False", Reason.SCALED_TO_ZERO, "replicas is 0: nothing is served")
    if versions.reason in (Reason.VERSION_FAILED, Reason.VERSION_NOT_FOUND) or folder_lacks_a_version(evidence):
        return versions
    if _waits_for_the_store(evidence, fetched, versions):
        return fetched
    if not evidence.deployment.complete:
        return _with_loss(evidence, _deploying(evidence))
    for verdict in (versions, labels):
        if verdict.status != "True":
            return replace(verdict, status="False")
    missing = keda_is_missing(evidence.autoscaler) if evidence.autoscaler else None
    return missing or Verdict("True", Reason.SERVING, _serving(evidence))


def _waits_for_the_store(evidence: Evidence, fetched: Verdict, versions: Verdict) -> bool:
    """A store that fails makes Ready False only while something of the spec is not served."""
    return fetched.status == "False" and (not evidence.deployment.complete or versions.reason is Reason.FETCHING)


def _with_loss(evidence: Evidence, verdict: Verdict) -> Verdict:
    return replace(verdict, message=f"{verdict.message}; {evidence.lost}") if evidence.lost else verdict


def _deploying(evidence: Evidence) -> Verdict:
    troubles = [pod.problem for pod in evidence.pods if pod.problem is not None]
    problem = evidence.deployment.problem or next(iter(troubles), None)
    if problem is not None:
        return _making_room(evidence, problem) or _troubled(evidence, problem)
    ready = f"{len(evidence.ready_pods)} of {evidence.replicas} replicas are ready"
    awaited, waiting = _lacking(evidence) or _awaited(evidence)
    return Verdict("False", Reason.DEPLOYING, f"{ready}{awaited}", waiting)


def _lacking(evidence: Evidence) -> tuple[str, str] | None:
    """Returns what the first pod lacks that is not ready and answers, and since when it is waited for."""
    for pod in evidence.unready_pods:
        for model in (each for each in evidence.aspired.models if each.name not in pod.lacks):
            if lacks := _missing(model, pod) or _behind(model, pod):
                return f"; model {model.name} on pod {pod.name}: {lacks}", _waiting(evidence, model.name)
    return None


_NEEDS_ROOM = {Reason.UNSCHEDULABLE, Reason.PODS_NOT_CREATED}


def _making_room(evidence: Evidence, problem: Problem) -> Verdict | None:
    if evidence.surge.allowed or problem.reason not in _NEEDS_ROOM:
        return None
    ready = f"{len(evidence.ready_pods)} of {evidence.replicas} replicas are ready"
    words = f"an old pod is stopped before a new one starts, one by one: {ready}; {problem.message}"
    return Verdict("False", Reason.MAKING_ROOM, words)


def _troubled(evidence: Evidence, problem: Problem) -> Verdict:
    """Announces the replacement beforehand, since it costs a replica for as long as a pod takes to start."""
    until = evidence.surge.until
    if until is None or problem.reason not in _NEEDS_ROOM:
        return Verdict("False", Reason(problem.reason), problem.message)
    soon = f"at {rfc3339_seconds(until)} an old pod is stopped to make room (rollout.surgeTimeoutSeconds)"
    return Verdict("False", Reason(problem.reason), f"{problem.message}; {soon}")


def _serving(evidence: Evidence) -> str:
    names = ", ".join(model.name for model in evidence.aspired.models)
    served = f"{names}: all versions and labels answer on {len(evidence.ready_pods)} of {evidence.replicas} replicas"
    problems = list(dict.fromkeys(evidence.verify_problems.values()))
    return f"{served}; new versions will wait: {problems[0]}" if problems else served


_MAY_RECOVER = {Reason.MODEL_SERVER_UNREACHABLE, Reason.MODEL_SERVER_BUSY}
_UNDER_WAY = {Reason.DEPLOYING, Reason.FETCHING, Reason.LOADING, Reason.LABELING, Reason.MAKING_ROOM}


def _progressing(evidence: Evidence, ready: Verdict) -> Verdict:
    """False is for what needs a person. A pod that does not answer, or is busy, may recover; waiting is not being
    stuck."""
    if ready.reason is Reason.SERVING:
        return _retiring(evidence) or Verdict("True", Reason.COMPLETE, "the spec is fulfilled")
    if ready.reason is Reason.SCALED_TO_ZERO:
        return Verdict("True", Reason.COMPLETE, ready.message)
    if ready.reason in _MAY_RECOVER:
        return replace(ready, status="Unknown")
    helps_itself = evidence.surge.until is not None and ready.reason in _NEEDS_ROOM
    under_way = ready.reason in _UNDER_WAY or helps_itself or _is_tried_all_the_same(evidence, ready)
    return replace(ready, status="True" if under_way else "False")


def _is_tried_all_the_same(evidence: Evidence, ready: Verdict) -> bool:
    """A version on a volume that does not look whole: servers that serve something judge it within seconds, also where
    they do not answer for a moment."""
    judged = ready.reason is Reason.INCOMPLETE_VERSION and folder_lacks_a_version(evidence) is not None
    return judged and bool(evidence.ready_pods)


def _retiring(evidence: Evidence) -> Verdict | None:
    for name, step in evidence.steps.items():
        if step.action.traits.serving and step.action.traits.timed:
            return Verdict("True", Reason.RETIRING, f"the spec is fulfilled; model {name} {step.message}")
    return None
