"""`latest` and `all`: the server finds versions by itself, so what is good and what is bad is learnt from the pods.

A bad newest version does no harm to a running server, but keeps a starting one from coming up. So a configuration
that is committed follows such a policy only while every version that it would pick is known to be good.
"""

from collections.abc import Mapping
from functools import partial

from tfs_operator.domain.model_config import Specific, VersionPolicy
from tfs_operator.domain.rollout.view import View, newest


def picked(view: View, policy: VersionPolicy) -> frozenset[int]:
    """Returns the versions that the policy picks of those that are known to exist."""
    return newest(policy, view.present)


def bad(view: View, policy: VersionPolicy) -> Mapping[int, str]:
    """Returns the picked versions that cannot be loaded, with the server's error."""
    if isinstance(policy, Specific):
        return {}
    reasons = map(partial(_badness, view), sorted(picked(view, policy)))
    return dict(reason for reason in reasons if reason is not None)


def _badness(view: View, version: int) -> tuple[int, str] | None:
    if version in view.on_all:
        return None
    known = view.failures.get(version)
    if known is not None and view.facts.now < known.counts_again_at(view.facts.limits):
        return version, known.message
    words = view.trouble(version, max(view.waited_for(version), view.facts.limits.settle))
    return (version, words) if words else None


def doubtful(view: View, policy: VersionPolicy) -> bool:
    """Tells whether a picked version cannot be loaded, or could not and is being tried again."""
    tried_again = not isinstance(policy, Specific) and bool(picked(view, policy) & view.failures.keys())
    return tried_again or bool(bad(view, policy))


def dropping(view: View) -> bool:
    """Tells whether a failed version is being dropped now: a server tries it again only when it comes back."""
    limits, now = view.facts.limits, view.facts.now
    return any(failure.drop_at(limits) <= now < failure.retry_at(limits) for failure in view.memory.failures)


def pin(view: View, policy: VersionPolicy, labelled: Mapping[str, int]) -> Specific | None:
    """Returns the versions known to be good that the policy picks, and those with a label; None when none is known."""
    known = view.on_all | (view.trusted - view.ended_badly)
    good = newest(policy, known - bad(view, policy).keys()) or newest(policy, view.on_some)
    return Specific(tuple(sorted(good | set(labelled.values())))) if good else None


def to_commit(view: View) -> VersionPolicy:
    """Returns the policy with which a pod that restarts comes up, when the spec has `latest` or `all`."""
    policy = view.aspired.policy
    trusted = view.committed.policy == policy or _something_newer(view)
    if trusted and not bad(view, policy):
        return policy
    return pin(view, policy, view.aspired.labels) or view.committed.policy


def _something_newer(view: View) -> bool:
    """All that the policy picks is AVAILABLE everywhere, and the pin does not have it yet: the policy found it."""
    found = picked(view, view.aspired.policy)
    pin = view.committed.policy
    return isinstance(pin, Specific) and found <= view.on_all and not found <= set(pin.versions)
