"""Says how a store is reached: `spec.storage` as the fetcher's container sees it."""

from dataclasses import dataclass
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.location import PVC_ROOT
from tfs_operator.fetcher.core.errors import FetchError


@dataclass(frozen=True)
class StoreAccess:
    """Address, credentials and authorities of a store, the same for every model of a pod. Secret and ConfigMap are
    mounted as optional folders: the container starts without them, and what is missing is said in a condition instead
    of in a pod that never starts."""

    endpoint: str | None = None
    """URL of the store; None: the scheme's own, such as https://s3.REGION.amazonaws.com."""

    region: str | None = None

    anonymous: bool = False
    """Requests are not signed: for public data."""

    credentials: Path | None = None
    """Folder where the Secret is mounted, one file a key; None where `storage.secretRef` names no Secret."""

    secret_name: str | None = None
    """For messages only."""

    claims: Path = Path(PVC_ROOT)
    """Folder in which the claims are mounted that models are copied from, each under its name."""

    ca_bundle: Path | None = None
    """File with authorities (PEM) that are trusted besides the system's; None where `storage.caBundle` names none."""

    ca_name: str | None = None
    """Of the ConfigMap that `ca_bundle` comes from; for messages only."""

    def secret_value(self, key: str) -> str | None:
        """Returns what the Secret has under `key`, without white space around it; None where it lacks the key or is
        missing. Read anew each time, so that a Secret that is created or rotated later works without a restart. Raises
        FetchError(CREDENTIALS_MISSING) where it is there and cannot be read as text."""
        if self.credentials is None:
            return None
        try:
            return (self.credentials / key).read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            # The error's own text may quote bytes of the Secret; its class does not.
            raise self.credentials_missing(f"key {key} cannot be read ({type(error).__name__})") from None

    def secret_is_missing(self) -> bool:
        """Whether the named Secret does not exist or has no keys. The kubelet's own entries begin with two dots."""
        if self.credentials is None:
            return False
        try:
            return all(entry.name.startswith("..") for entry in self.credentials.iterdir())
        except OSError:
            return True

    def credentials_missing(self, what: str) -> FetchError:
        name = f"Secret {self.secret_name}" if self.secret_name else "the Secret of storage.secretRef"
        return FetchError(Reason.CREDENTIALS_MISSING, f"{name}: {what}", retry=False)

    def authorities(self) -> bytes | None:
        """Returns the PEM text of `ca_bundle`, or None where none is named. Raises FetchError(CREDENTIALS_MISSING)."""
        if self.ca_bundle is None:
            return None
        try:
            return self.ca_bundle.read_bytes()
        except OSError:
            name = f"ConfigMap {self.ca_name}" if self.ca_name else "the ConfigMap of storage.caBundle"
            message = f"{name}: is missing, or has no key {self.ca_bundle.name}"
            raise FetchError(Reason.CREDENTIALS_MISSING, message, retry=False) from None
