"""Compares the signatures of a new version with those of the version over which it would be labelled.

A difference is what breaks a client: what it sends is no longer taken, or what it reads is no longer given. Wider
inputs, further outputs and further signatures break none. Sizes of outputs may change: a model may learn another class.
"""

from collections.abc import Iterator, Mapping, Sequence

from tfs_operator.domain.verification.metadata import Signature, TensorInfo

_MOST_TOLD = 3


def differences(present: Mapping[str, Signature], new: Mapping[str, Signature]) -> list[str]:
    """Returns the differences in words for users; none when clients of the present version can use the new one."""
    return [
        f"signature {name} {words}"
        for name, before in sorted(present.items())
        for words in _changes(before, new.get(name))
    ]


def told(found: Sequence[str], present: int) -> str:
    """Returns a sentence with the first differences from the version `present`, and the field that allows them."""
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return (
        f"clients of version {present} cannot use it: {'; '.join(found[:_MOST_TOLD])}{more}. If they are ready for "
        "that, set rollout.verify.allowSignatureChange"
    )


def _changes(before: Signature, after: Signature | None) -> Iterator[str]:
    if after is None:
        yield "is gone"
        return
    for name, info in before.inputs.items():
        yield from _input_changes(name, info, after)
    for name in sorted(after.inputs.keys() - before.inputs.keys() - after.defaults):
        yield f"has the new input {name} ({_described(after.inputs[name])}), which requests do not have"
    for name in sorted((before.defaults - after.defaults) & after.inputs.keys()):
        yield f"has no default for the input {name} any more"
    for name, info in before.outputs.items():
        yield from _output_changes(name, info, after.outputs.get(name))


def _input_changes(name: str, before: TensorInfo, after: Signature) -> Iterator[str]:
    now = after.inputs.get(name)
    if now is None:
        yield f"no longer takes the input {name}"
    elif not _is_same_type(before, now) or not _takes(before.shape, now.shape):
        yield f"takes the input {name} as {_described(now)} instead of {_described(before)}"


def _output_changes(name: str, before: TensorInfo, now: TensorInfo | None) -> Iterator[str]:
    if now is None:
        yield f"no longer gives the output {name}"
    elif not _is_same_type(before, now) or not _has_same_rank(before.shape, now.shape):
        yield f"gives the output {name} as {_described(now)} instead of {_described(before)}"


def _is_same_type(before: TensorInfo, now: TensorInfo) -> bool:
    return (before.dtype, before.dense) == (now.dtype, now.dense)


def _has_same_rank(before: tuple[int, ...] | None, now: tuple[int, ...] | None) -> bool:
    """An open rank may be any."""
    return before is None or now is None or len(before) == len(now)


def _takes(before: tuple[int, ...] | None, now: tuple[int, ...] | None) -> bool:
    """An open size takes every size; of an open rank it is not known what clients send."""
    if before is None or now is None:
        return True
    return len(before) == len(now) and all(size in (-1, old) for old, size in zip(before, now, strict=True))


def _described(info: TensorInfo) -> str:
    """Returns a text such as `DT_FLOAT [?, 784]`."""
    if info.shape is None:
        sizes = "of any rank"
    else:
        sizes = "[" + ", ".join("?" if size < 0 else str(size) for size in info.shape) + "]"
    return f"{info.dtype} {sizes}" + ("" if info.dense else ", sparse or ragged")
