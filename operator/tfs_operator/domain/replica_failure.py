"""Explains why a Deployment cannot create its pods, with the API server's message and advice.

Source: the condition ReplicaFailure, whose message is what the API server has answered to the ReplicaSet's controller.
"""

from tfs_operator.domain.apply_errors import advice

_NEEDS_MORE = "violates PodSecurity"
_LESS = "the namespace's Pod Security label allows less than this spec needs"


def pods_not_created(deployment: str, words: str) -> str:
    """Returns a message with the Deployment, the rule and what to do; `words` is the API server's message."""
    helps = _LESS if _NEEDS_MORE in words else advice(words)
    return ": ".join(filter(None, (f"Deployment {deployment} cannot make its pods", words, helps)))
