"""The keys of the Secret that `storage.secretRef` names, as settings of the clients: the same keys as KServe's."""

from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess

S3_REQUIRED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
GOOGLE_KEY = "gcloud-application-credentials.json"
AZURE_CLIENT = ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID")


def s3_keys(storage: StoreAccess) -> dict[str, str]:
    """Returns the access key of S3. Raises FetchError(CREDENTIALS_MISSING)."""
    access, secret = _required(storage, S3_REQUIRED)
    keys = {"access_key_id": access, "secret_access_key": secret}
    token = storage.secret_value("AWS_SESSION_TOKEN")
    return {**keys, "session_token": token} if token else keys


def google_keys(storage: StoreAccess) -> dict[str, str]:
    """Returns the JSON key of a service account. Raises FetchError(CREDENTIALS_MISSING)."""
    (key,) = _required(storage, (GOOGLE_KEY,))
    return {"service_account_key": key}


def azure_keys(storage: StoreAccess) -> dict[str, str]:
    """Returns the account's key, else a SAS token, else a service principal. Raises FetchError(CREDENTIALS_MISSING)."""
    if key := storage.secret_value("AZURE_STORAGE_ACCESS_KEY"):
        return {"account_key": key}
    if token := storage.secret_value("AZURE_STORAGE_SAS_TOKEN"):
        return {"sas_key": token.removeprefix("?")}
    if not storage.secret_is_missing() and not any(storage.secret_value(key) for key in AZURE_CLIENT):
        raise _lacks(storage, f"AZURE_STORAGE_ACCESS_KEY, AZURE_STORAGE_SAS_TOKEN and {', '.join(AZURE_CLIENT)}")
    client, secret, tenant = _required(storage, AZURE_CLIENT)
    return {"client_id": client, "client_secret": secret, "tenant_id": tenant}


def _required(storage: StoreAccess, keys: tuple[str, ...]) -> list[str]:
    if storage.secret_is_missing():
        raise storage.credentials_missing(f"is missing or empty; create it with the key {' and '.join(keys)}")
    found = {key: storage.secret_value(key) for key in keys}
    if lacking := [key for key, value in found.items() if not value]:
        raise _lacks(storage, ", ".join(lacking))
    return [value for value in found.values() if value]


def _lacks(storage: StoreAccess, keys: str) -> FetchError:
    return storage.credentials_missing(f"lacks {keys}; add it, or name another Secret in storage.secretRef")
