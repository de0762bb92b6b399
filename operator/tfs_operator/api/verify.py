"""What a new version has to show before it counts."""

from tfs_operator.api.base import ApiModel


class Verify(ApiModel):
    """What a version that is new to the pods has to show, on one of them, before the others load it and labels move to
    it. A version that fails is withdrawn with reason VersionFailed, and labels stay where they are."""

    made_up: bool = True
    """Ask for a prediction on made-up inputs: a batch of one, of zeros and empty strings, in the shapes of the
    signature `serving_default`, or of all signatures where there is none of this name. A version fails by errors for
    which no input can be blamed, such as missing operations, variables or tables; a refusal of the inputs proves
    nothing. Signatures with `train`, `save`, `restore` and the like in their names are not asked."""

    allow_signature_change: bool = False
    """Let labels move to a version that clients of the present one cannot use: that lacks an input, an output or a
    signature, has another type or rank, or needs a further input. Back to a lower version is always allowed."""
