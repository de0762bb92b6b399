"""Condition types and reasons of a TFModel: documented constants, since users script against them.

Ready says whether the spec is fulfilled; the other conditions say which part is not.
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """Each is True when all is well, as `kubectl wait --for=condition=…` expects."""

    READY = "Ready"
    """Every replica serves every version and every label of the spec."""

    MODELS_FETCHED = "ModelsFetched"
    """Every pod holds every version that the spec asks for, of the models that come from a store."""

    VERSIONS_AVAILABLE = "VersionsAvailable"
    """Every version that the spec asks for is AVAILABLE on every ready pod."""

    LABELS_APPLIED = "LabelsApplied"
    """Every ready pod answers each label with its version in the spec."""

    PROGRESSING = "Progressing"
    """True while a change is under way, and once it is complete; False when it is stuck and needs a person."""

    SCALING_ACTIVE = "ScalingActive"
    """The autoscaler can read what it scales on. Only with `spec.autoscaling`."""

    MEMORY_BOUNDED = "MemoryBounded"
    """Pods whose model server has grown are replaced. Only with `spec.server.recycle`."""


class Reason(StrEnum):
    """Why a condition has its status."""

    SERVING = "Serving"
    """All versions and labels of the spec are served by every replica."""

    COMPLETE = "Complete"
    """Nothing is left to do."""

    DEPLOYING = "Deploying"
    """Pods are starting, or are being replaced one by one."""

    LOADING = "Loading"
    """The model servers are loading versions."""

    LABELING = "Labeling"
    """Some pod does not answer some label with its new version yet."""

    RETIRING = "Retiring"
    """The spec is fulfilled; versions that it no longer names stay for the bake time, or are being unloaded."""

    NO_LABELS = "NoLabels"
    """The spec has no version labels."""

    SCALED_TO_ZERO = "ScaledToZero"
    """`spec.replicas` is 0, so nothing is served."""

    AUTOSCALING = "Autoscaling"
    """The number of replicas follows the load."""

    AUTOSCALER_PENDING = "AutoscalerPending"
    """The autoscaler's controller has not reported a status yet."""

    AUTOSCALER_FAILED = "AutoscalerFailed"
    """The autoscaler cannot scale, for example for metrics that are not there; the message has its words."""

    KEDA_NOT_INSTALLED = "KedaNotInstalled"
    """`spec.autoscaling.keda` is set, and KEDA is not installed. Everything else is applied."""

    WITHIN_BOUNDS = "WithinBounds"
    """No model server has reached a bound of `server.recycle`."""

    RECYCLING = "Recycling"
    """A model server has reached a bound of `server.recycle`; the pods are replaced one by one."""

    MEMORY_TOO_SMALL = "MemoryTooSmall"
    """A model server has reached `server.recycle.memoryPercent` without having unloaded a version."""

    METRICS_UNAVAILABLE = "MetricsUnavailable"
    """The memory of the model servers cannot be read: the cluster has no metrics API, or it fails."""

    METRICS_PENDING = "MetricsPending"
    """The metrics API has no reading of a pod yet."""

    SUSPENDED = "Suspended"
    """`spec.suspend` is true."""

    INVALID_SPEC = "InvalidSpec"
    """The spec breaks a rule; the message names the field."""

    HOSTPATH_NOT_ALLOWED = "HostPathNotAllowed"
    """A `hostpath://` URI, and the operator was not started with --allow-hostpath."""

    KEDA_CREDENTIALS_NOT_ALLOWED = "KedaCredentialsNotAllowed"
    """A trigger of KEDA with credentials of the whole cluster, and the operator was not started with
    --allow-keda-credentials."""

    NAME_TAKEN = "NameTaken"
    """A child's name belongs to an object that the operator does not own."""

    CHILD_REFUSED = "ChildRefused"
    """The API server refused a child; the message has its words."""

    MODEL_SERVER_FAILED = "ModelServerFailed"
    """The model server's process ended; the message has the end of its log."""

    CONTAINER_FAILED = "ContainerFailed"
    """Another container of a pod has ended with an error: the fetcher, or one that a webhook has added."""

    IMAGE_NOT_PULLED = "ImageNotPulled"
    """The server's image cannot be pulled."""

    TLS_NOT_USABLE = "TlsNotUsable"
    """The Secret of server.tls.secretName is missing, or holds no pair of key and certificate that can serve; the
    message names the key and what to do. Pods start once it is right."""

    CONTAINER_NOT_STARTED = "ContainerNotStarted"
    """The container cannot be created, for example for a missing ConfigMap key or Secret."""

    UNSCHEDULABLE = "Unschedulable"
    """No node has room for a pod."""

    MAKING_ROOM = "MakingRoom"
    """No node has a GPU free for one more pod: old pods are stopped before new ones start."""

    PODS_NOT_CREATED = "PodsNotCreated"
    """The pods cannot be created, for example for a quota or an admission rule."""

    VERSION_FAILED = "VersionFailed"
    """A version of the spec cannot be loaded, or took too long; it is withdrawn, and tried again with back-off."""

    VERSION_NOT_FOUND = "VersionNotFound"
    """No server finds a folder for a version of the spec; it is loaded once the folder appears."""

    VERIFY_NOT_READABLE = "VerifyNotReadable"
    """The requests of rollout.verify cannot be used: one is not JSON, or their ConfigMap is missing. New versions wait,
    and labels stay where they are."""

    MODEL_SERVER_UNREACHABLE = "ModelServerUnreachable"
    """A ready pod does not answer the operator's requests."""

    MODEL_SERVER_BUSY = "ModelServerBusy"
    """All gRPC threads of a model server are in use, so it refused the operator's reload; the message names the field
    with their number. Clients lose requests as well."""

    RELOAD_REFUSED = "ReloadRefused"
    """A model server refused its new configuration; the message has its words."""

    NOTHING_TO_FETCH = "NothingToFetch"
    """No model comes from a store: all are on claims or in images."""

    FETCHED = "Fetched"
    """Every pod holds every version that the spec asks for, complete and verified."""

    FETCHING = "Fetching"
    """Versions are on their way from the store; the message says how far."""

    FETCHER_UNREACHABLE = "FetcherUnreachable"
    """The fetcher of a ready pod does not answer the operator's requests."""

    ACCESS_DENIED = "AccessDenied"
    """The store refuses the credentials, or they lack a permission; or a folder on a volume is closed to the server's
    user."""

    CREDENTIALS_MISSING = "CredentialsMissing"
    """The Secret or ConfigMap that storage names is missing, lacks a key, or has one that cannot be read."""

    STORE_NOT_FOUND = "StoreNotFound"
    """The store has no such bucket, container, repository, tag or archive."""

    STORE_UNREACHABLE = "StoreUnreachable"
    """Nothing answers at the store's address: an unknown host, a refused connection, no answer in time; or a volume
    does not answer."""

    CERTIFICATE_NOT_TRUSTED = "CertificateNotTrusted"
    """The store's certificate is not signed by an authority that the fetcher knows, or is for another name."""

    STORE_ERROR = "StoreError"
    """The store answers with an error of its own, or with an answer that cannot be understood."""

    NO_VERSIONS = "NoVersions"
    """The model's URI has no folder with a number for a name."""

    NO_SAVED_MODEL = "NoSavedModel"
    """A version is no SavedModel: saved_model.pb is missing or empty, or the version is a file and not a folder."""

    INCOMPLETE_VERSION = "IncompleteVersion"
    """A version lacks files that its own files name: its upload is under way, or was interrupted."""

    VERSION_CHANGED = "VersionChanged"
    """A version changed while it was being fetched, or does not match the checksum of its store."""

    ARCHIVE_REFUSED = "ArchiveRefused"
    """An archive is damaged, too big, or has entries that would leave its folder."""

    DISK_FULL = "DiskFull"
    """The pod's volume has no room for a version."""
