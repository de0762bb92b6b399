"""A child that the API server refuses, in words for people: which child, which rule, what to do.

The server's own words come first, since they name the rule; they are not made for whoever has written a TFModel.
"""

import re
from collections.abc import Mapping

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.observation import Problem

_SILENT_WEBHOOK = 'failed calling webhook "([^"]+)"'

_ADVICE: Mapping[str, str] = {
    "exceeded quota: ([^,:]+)": r"raise ResourceQuota \1, or delete what is not needed in this namespace",
    "failed quota: ([^:]+): must specify": r"ResourceQuota \1 counts them, so say them in server.resources",
    'admission webhook "([^"]+)" denied the request': (
        r"change the TFModel so that it keeps the rule, or ask whoever runs the webhook \1"
    ),
    "ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request": (
        r"change the TFModel so that it keeps the rule, or ask whoever made the policy \1"
    ),
    _SILENT_WEBHOOK: r"nothing can be written until the webhook \1 answers again, or is removed",
    'is forbidden: User "[^"]*" cannot ': "give the operator this right; the chart of its version does",
}
"""What to do, by what the API server says.

Sources: k8s.io/apiserver, pkg/admission/plugin (resourcequota/controller.go, webhook/errors/statuserror.go,
policy/validating/plugin.go) and pkg/endpoints/handlers/responsewriters/errors.go.
"""


def rejected(kind: str, name: str, words: str) -> Problem:
    """`words` are the API server's."""
    text = f"the API server refuses {kind} {name}: {words}"
    return Problem(Reason.CHILD_REFUSED, ": ".join(filter(None, (text, advice(words)))))


def advice(words: str) -> str:
    """What to do, by the API server's words; empty where they are not known."""
    matches = ((re.search(pattern, words), helps) for pattern, helps in _ADVICE.items())
    return next((match.expand(helps) for match, helps in matches if match), "")


def names_a_silent_webhook(words: str) -> bool:
    """The API server answers 500 for a webhook that it cannot ask, as it does when it is in trouble itself."""
    return re.search(_SILENT_WEBHOOK, words) is not None
