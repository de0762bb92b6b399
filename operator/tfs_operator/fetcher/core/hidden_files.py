"""Names of the files that the fetcher itself keeps, in a version's folder and beside it. No file of a SavedModel begins
with a dot."""

JOURNAL = ".transfer"
"""What has arrived, while the version is being fetched."""

RECORD = ".tfs-operator.json"
"""What was fetched, for as long as the version is in place."""

HOLDERS = ".holders"
"""Folder beside the versions of a base path that pods share: which pod needs which of them."""
