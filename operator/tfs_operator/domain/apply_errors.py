"""Explains why the API server refused a child: which child, which rule, and what to do about it.

The server's own message comes first, since it names the rule; the advice is for the author of the TFModel.
"""

import re
from collections.abc import Mapping

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.observation import Problem

_SILENT_WEBHOOK = 'failed calling webhook "([^"]+)"'

_ADVICE: Mapping[str, str] = {
    "exceeded quota: ([^,:]+)": r"raise ResourceQuota \1, or delete what is not needed in this namespace",
    "failed quota: ([^:]+): must specify": r"ResourceQuota \1 counts them, so set them in server.resources",
    'admission webhook "([^"]+)" denied the request': (
        r"change the TFModel so that it keeps the rule, or ask the administrator of the webhook \1"
    ),
    "ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request": (
        r"change the TFModel so that it keeps the rule, or ask the administrator of the policy \1"
    ),
    _SILENT_WEBHOOK: r"nothing can be written until the webhook \1 answers again, or is removed",
    'is forbidden: User "[^"]*" cannot ': "grant the operator this permission; the Helm chart of its version does",
}
"""What to do, by what the API server says.

Sources: k8s.io/apiserver, pkg/admission/plugin (resourcequota/controller.go, webhook/errors/statuserror.go,
policy/validating/plugin.go) and pkg/endpoints/handlers/responsewriters/errors.go.
"""


def rejected(kind: str, name: str, words: str) -> Problem:
    """Returns the problem for a condition; `words` is the API server's message."""
    text = f"the API server refuses {kind} {name}: {words}"
    return Problem(Reason.CHILD_REFUSED, ": ".join(filter(None, (text, advice(words)))))


def advice(words: str) -> str:
    """Returns what to do about the API server's message; empty where the message is not known."""
    matches = ((re.search(pattern, words), helps) for pattern, helps in _ADVICE.items())
    return next((match.expand(helps) for match, helps in matches if match), "")


def names_a_silent_webhook(words: str) -> bool:
    """Tells a webhook that cannot be reached from an API server in trouble: it answers 500 for both."""
    return re.search(_SILENT_WEBHOOK, words) is not None
