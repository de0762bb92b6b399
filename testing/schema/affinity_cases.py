"""The rows of `schema_cases` about affinity, spread and the peers of the NetworkPolicy."""

from testing.schema.selector_cases import CONDITION, KEY, conditions, label_keys, label_selector, merged, siblings
from testing.schema.values import MAX_INT32, Manifest, Pair, Rows, text, without

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NODE = "spec.podTemplate.affinity.nodeAffinity"
PODS = ("spec.podTemplate.affinity.podAffinity", "spec.podTemplate.affinity.podAntiAffinity")
SPREAD = "spec.podTemplate.topologySpreadConstraints[]"
PEER = "spec.networkPolicy.allowFrom[]"
ONE_PEER = "set podSelector, namespaceSelector or both; or ipBlock alone"

NODE_TERMS = (f"{NODE}.{REQUIRED}.nodeSelectorTerms[]", f"{NODE}.{PREFERRED}[].preference")
WEIGHTED = tuple(f"{pods}.{PREFERRED}[]" for pods in PODS)
POD_TERMS = (*(f"{pods}.{REQUIRED}[]" for pods in PODS), *(f"{path}.podAffinityTerm" for path in WEIGHTED))
LABEL_SELECTORS = (
    *(f"{path}.{field}" for path in POD_TERMS for field in ("labelSelector", "namespaceSelector")),
    f"{SPREAD}.labelSelector",
    f"{PEER}.podSelector",
    f"{PEER}.namespaceSelector",
)

A_NODE_TERM: Manifest = {"matchExpressions": [CONDITION]}
A_PREFERENCE: Manifest = {"weight": 1, "preference": A_NODE_TERM}
A_POD_TERM: Manifest = {"topologyKey": "a"}
A_WEIGHTED: Manifest = {"weight": 1, "podAffinityTerm": A_POD_TERM}
A_SPREAD: Manifest = {"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"}
A_BLOCK: Manifest = {"cidr": "10.0.0.0/8"}

SIBLINGS: dict[str, Manifest] = {
    f"{NODE}.{PREFERRED}[]": A_PREFERENCE,
    **dict.fromkeys(WEIGHTED, A_WEIGHTED),
    **dict.fromkeys(POD_TERMS, A_POD_TERM),
    SPREAD: A_SPREAD,
    f"{PEER}.ipBlock": A_BLOCK,
    **siblings((*NODE_TERMS, *LABEL_SELECTORS)),
}

_POSITIVE: dict[str, Pair | list[Pair]] = {"minimum": (1, 0), "maximum": (MAX_INT32, MAX_INT32 + 1)}
_CIDR: dict[str, Pair | list[Pair]] = {"minLength": ("a", ""), "maxLength": (text(64), text(65))}
_POLICY: dict[str, Pair | list[Pair]] = {"enum": [("Honor", "honor"), ("Ignore", "")]}


def _terms(path: str, item: Manifest) -> Rows:
    return {path: {"maxItems": ([item] * 64, [item] * 65)}}


def _node_term(path: str) -> Rows:
    operators = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
    return merged(conditions(f"{path}.{field}", operators, 253) for field in ("matchExpressions", "matchFields"))


def _pod_term(path: str) -> Rows:
    return {
        path: {"required topologyKey": (A_POD_TERM, {"namespaces": ["a"]})},
        f"{path}.topologyKey": KEY,
        f"{path}.namespaces": {"maxItems": (["a"] * 256, ["a"] * 257)},
        f"{path}.namespaces[]": {"minLength": ("a", ""), "maxLength": (text(63), text(64))},
        **label_keys(f"{path}.matchLabelKeys"),
        **label_keys(f"{path}.mismatchLabelKeys"),
    }


def _weighted(path: str, item: Manifest) -> Rows:
    """Returns the rows of a list of terms with weights."""
    return {
        **_terms(path, item),
        f"{path}[]": {f"required {key}": (item, without(item, key)) for key in item},
        f"{path}[].weight": {"minimum": (1, 0), "maximum": (100, 101)},
    }


ROWS: Rows = {
    f"{NODE}.{REQUIRED}": {"required nodeSelectorTerms": ({"nodeSelectorTerms": [A_NODE_TERM]}, {})},
    f"{NODE}.{REQUIRED}.nodeSelectorTerms": {
        "minItems": ([A_NODE_TERM], []),
        "maxItems": ([A_NODE_TERM] * 64, [A_NODE_TERM] * 65),
    },
    **_weighted(f"{NODE}.{PREFERRED}", A_PREFERENCE),
    **merged(_terms(f"{pods}.{REQUIRED}", A_POD_TERM) for pods in PODS),
    **merged(_weighted(f"{pods}.{PREFERRED}", A_WEIGHTED) for pods in PODS),
    **merged(map(_node_term, NODE_TERMS)),
    **merged(map(_pod_term, POD_TERMS)),
    **merged(map(label_selector, LABEL_SELECTORS)),
    "spec.podTemplate.topologySpreadConstraints": {"maxItems": ([A_SPREAD] * 16, [A_SPREAD] * 17)},
    SPREAD: {f"required {key}": (A_SPREAD, without(A_SPREAD, key)) for key in A_SPREAD},
    f"{SPREAD}.maxSkew": _POSITIVE,
    f"{SPREAD}.topologyKey": KEY,
    f"{SPREAD}.whenUnsatisfiable": {"enum": [("DoNotSchedule", ""), ("ScheduleAnyway", "scheduleAnyway")]},
    **label_keys(f"{SPREAD}.matchLabelKeys"),
    f"{SPREAD}.minDomains": _POSITIVE,
    f"{SPREAD}.nodeAffinityPolicy": _POLICY,
    f"{SPREAD}.nodeTaintsPolicy": _POLICY,
    PEER: {
        ONE_PEER: [
            ({"podSelector": {}}, {}),
            ({"namespaceSelector": {}, "podSelector": {}}, {"podSelector": {}, "ipBlock": A_BLOCK}),
            ({"namespaceSelector": {}}, {"namespaceSelector": {}, "ipBlock": A_BLOCK}),
            ({"ipBlock": A_BLOCK}, {"namespaceSelector": {}, "podSelector": {}, "ipBlock": A_BLOCK}),
        ],
    },
    f"{PEER}.ipBlock": {"required cidr": (A_BLOCK, {"except": []})},
    f"{PEER}.ipBlock.cidr": _CIDR,
    f"{PEER}.ipBlock.except": {"maxItems": (["a"] * 256, ["a"] * 257)},
    f"{PEER}.ipBlock.except[]": _CIDR,
}
