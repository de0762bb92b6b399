"""`latest` and `all`, as a spec has them and as they are committed."""

from typing import Any

from testing.fleet.served import Served

LATEST: dict[str, Any] = {"latest": 1}
ALL: dict[str, Any] = {"all": {}}


def follows(served: Served, **spec: Any) -> None:
    """The policy is in the spec, has found version 2, and is what a pod starts with."""
    served.rewrite(**spec)
    served.until_done()
    served.folder.publish(2)
    served.until(lambda: served.committed()[0] == followed(spec["versionPolicy"]))
    assert all(2 in versions for versions in served.available())
    served.until_done()


def followed(policy: dict[str, Any]) -> Any:
    """The policy as it is committed, when nothing is pinned."""
    return "all" if "all" in policy else policy
