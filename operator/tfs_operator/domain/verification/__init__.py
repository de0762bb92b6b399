"""Judges whether a version that is AVAILABLE can predict, from what it answers. Pure."""

from tfs_operator.domain.verification.probed import Outcome, Probed

__all__ = ["Outcome", "Probed"]
