"""Why a Deployment cannot make its pods: in the API server's words, and what then helps.

Source: the condition ReplicaFailure, whose message is what the API server has answered to the ReplicaSet's controller.
"""

_ADVICE = (
    ("exceeded quota", "raise that quota, or ask for less in replicas, gpus or server.resources"),
    ("failed quota", "that quota needs server.resources to say what each replica takes"),
    ("violates PodSecurity", "the namespace's Pod Security label allows less than this spec needs"),
    ("admission webhook", "change what that webhook objects to, or ask whoever runs it"),
    ("ValidatingAdmissionPolicy", "change what that policy objects to, or ask whoever made it"),
)


def unmade_pods(deployment: str, words: str) -> str:
    """For a person: which child, which rule, what to do. `words` name the rule."""
    advice = next((helps for said, helps in _ADVICE if said in words), "")
    return ": ".join(filter(None, (f"Deployment {deployment} cannot make its pods", words, advice)))
