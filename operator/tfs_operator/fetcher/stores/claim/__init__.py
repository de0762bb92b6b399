"""Models that are copied from a claim: `pvc://` with `storage.copy`."""
