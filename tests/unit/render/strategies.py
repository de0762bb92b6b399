"""Hypothesis strategies for specs that the API server accepts, as a user would write them."""

from typing import Any

from hypothesis import strategies as st

from tfs_operator.api.resource import TFModel

MAX_INT64 = 2**63 - 1
Spec = dict[str, Any]

WORDS = st.sampled_from(["a", "b0", "team", "tier", "0", "yes", "vision"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6) | st.sampled_from(
    ["true", "a: b", "no", "1e3", "\u2028", "\n"]
)
PATHS = st.lists(st.sampled_from(["m", "mnist", "v1.2", "a_b@c+d=e~f-g", "..x", "007"]), min_size=1, max_size=3).map(
    "/".join
)
URIS = st.one_of(
    st.builds("pvc://{}/{}".format, WORDS, PATHS),
    st.builds("file:///{}".format, PATHS),
    st.builds("hostpath:///{}".format, PATHS),
)
NAMES = st.sampled_from(["m", "mnist", "mnist-2", "a" * 52, "x0"])
MODEL_NAMES = st.sampled_from(["mnist", "Cats_2.0", "0", "a" * 63, "m.n-o"])
VERSIONS = st.integers(0, MAX_INT64)
LABELS = st.sampled_from(["stable", "canary", "-", "v1.0_rc-2", "A" * 63])
TEXT_MAPS = st.dictionaries(WORDS, TEXTS, max_size=3)
AMOUNTS = st.dictionaries(
    st.sampled_from(["cpu", "memory", "ephemeral-storage"]),
    st.integers(0, 10**9) | st.sampled_from(["500m", "0.5", "4Gi", "1e3", "1.5k", "2"]),
    max_size=2,
)


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Spec]:
    """An object of which every field may be left out."""
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def selections(draw: st.DrawFn) -> Spec:
    """`versions`, `versionPolicy` and `versionLabels` in every combination that is valid."""
    kind = draw(st.sampled_from(["labels", "versions", "latest", "all"]))
    if kind == "versions":
        versions = draw(st.lists(VERSIONS, min_size=1, max_size=4, unique=True))
        labels = draw(st.dictionaries(LABELS, st.sampled_from(versions), max_size=3))
        return {"versions": versions, **({"versionLabels": labels} if labels else {})}
    labels = draw(st.dictionaries(LABELS, VERSIONS, max_size=3))
    policies: dict[str, Spec] = {"labels": {}, "latest": {"latest": draw(st.integers(1, 9))}, "all": {"all": {}}}
    policy = {"versionPolicy": policies[kind]} if policies[kind] else {}
    return {**policy, **({"versionLabels": labels} if labels else {})}


@st.composite
def batchings(draw: st.DrawFn) -> Spec:
    sizes = sorted(draw(st.sets(st.integers(1, 65_536), max_size=4)))
    allowed = {"maxBatchSize": sizes[-1], "allowedBatchSizes": sizes} if sizes else {}
    others = record(
        batchTimeoutMicros=st.integers(0, 60_000_000),
        maxEnqueuedBatches=st.integers(1, 100_000),
        numBatchThreads=st.integers(1, 1024),
        padVariableLengthInputs=st.booleans(),
    )
    return {**allowed, **draw(others)}


TUNINGS = record(
    batching=batchings(),
    warmup=st.builds(lambda times: {"iterations": times}, st.integers(1, 1000)) | st.just({"enabled": False}),
    parallelism=record(
        intraOp=st.integers(1, 1024),
        interOp=st.integers(1, 1024),
        restThreads=st.integers(2, 1024),
        grpcThreads=st.integers(3, 1024),
    ),
    gpuMemoryFraction=st.floats(0.01, 1),
    grpc=st.builds(lambda age: {"maxConnectionAgeSeconds": age}, st.integers(1, 86_400)),
)
SERVERS = record(
    image=st.sampled_from(["server", "example.com:5000/a/server:1"]),
    imagePullPolicy=st.sampled_from(["Always", "IfNotPresent", "Never"]),
    imagePullSecrets=st.lists(WORDS, max_size=2, unique=True).map(lambda names: [{"name": name} for name in names]),
    resources=record(requests=AMOUNTS, limits=AMOUNTS),
    env=st.dictionaries(st.sampled_from(["A", "_B", "TF_FORCE_GPU_ALLOW_GROWTH"]), TEXTS, max_size=3).map(
        lambda variables: [{"name": name, "value": value} for name, value in variables.items()]
    ),
    extraArgs=st.lists(st.sampled_from(["--a", "--enable_profiler=false", "--b=c=d"]), max_size=3),
    batching=batchings(),
    warmup=st.just({"enabled": False}),
    grpc=st.just({"maxConnectionAgeSeconds": 30}),
)
POD_TEMPLATES = record(
    labels=st.dictionaries(WORDS, WORDS, max_size=3),
    annotations=TEXT_MAPS,
    nodeSelector=st.dictionaries(WORDS, WORDS, max_size=3),
    tolerations=st.lists(record(key=WORDS, value=WORDS, operator=st.sampled_from(["Equal", "Exists"])), max_size=2),
    affinity=st.sampled_from([{}, {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}]),
    priorityClassName=WORDS,
)
SERVICES = record(
    type=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
    annotations=TEXT_MAPS,
    restPort=st.integers(1, 8000),
    grpcPort=st.integers(8001, 65535).filter(lambda port: port != 8501),
)
ROLLOUTS = record(loadTimeoutSeconds=st.integers(1, 86400), drainSeconds=st.integers(0, 3600))


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """One model or several, and any of the other fields."""
    rest = draw(
        record(
            replicas=st.integers(0, 1000),
            gpus=st.integers(0, 64),
            server=SERVERS,
            podTemplate=POD_TEMPLATES,
            service=SERVICES,
            rollout=ROLLOUTS,
        )
    )
    if draw(st.booleans()):
        return {"modelUri": draw(URIS), **draw(selections()), **rest}
    names = draw(st.lists(MODEL_NAMES, min_size=1, max_size=3, unique=True))
    models = [{"name": name, "modelUri": draw(URIS), **draw(selections())} for name in names]
    return {"models": models, **rest}


MANIFESTS = st.builds(
    lambda name, namespace, uid, spec: {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "metadata": {"name": name, "namespace": namespace, "uid": uid},
        "spec": spec,
    },
    NAMES,
    WORDS,
    WORDS,
    specs(),
)
TFMODELS = MANIFESTS.map(TFModel.parse)
