"""Finds a base path that lies within a folder which is to be replaced or removed.

Base paths on a claim that TFModels share lie apart (domain/location.py). Those of older releases may lie within one
another: the versions of `s3://bucket/m/1` lie in version 1 of `s3://bucket/m`.
"""

import os
from pathlib import Path

from tfs_operator.fetcher.core.hidden_files import HOLDERS, RECORD


def base_path_within(folder: Path) -> Path | None:
    """Returns the first base path that lies in `folder`, or is it; None where there is none, as in a version and in its
    staging folder. No store can bring the names that tell (see version_listing.unsafe). Links are not followed."""
    for parent, folders, names in os.walk(folder):
        if HOLDERS in folders:
            return Path(parent)
        if RECORD in names and Path(parent) != folder:
            return Path(parent).parent
    return None
