"""Why a Deployment cannot make its pods: in the API server's words, and what then helps.

Source: the condition ReplicaFailure, whose message is what the API server has answered to the ReplicaSet's controller.
"""

from tfs_operator.domain.apply_errors import advice

_NEEDS_MORE = "violates PodSecurity"
_LESS = "the namespace's Pod Security label allows less than this spec needs"


def pods_not_created(deployment: str, words: str) -> str:
    """For a person: which child, which rule, what to do. `words` name the rule."""
    helps = _LESS if _NEEDS_MORE in words else advice(words)
    return ": ".join(filter(None, (f"Deployment {deployment} cannot make its pods", words, helps)))
