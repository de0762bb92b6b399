"""The TFModels of `make bench-scale`."""

from bench.scale_models import EVERY_KIND, children_of_each, many, tfmodel
from tfs_operator.controller.kinds import CHILD_KINDS

NEEDS_OTHER_SOFTWARE = {"ScaledObject"}


def test_the_repaired_one_has_a_child_of_every_kind() -> None:
    kinds = {child.kind for child in children_of_each([tfmodel("repaired", **EVERY_KIND)])}
    assert kinds == set(CHILD_KINDS) - NEEDS_OTHER_SOFTWARE


def test_each_has_names_of_its_own() -> None:
    names = list(children_of_each(many(1000)))
    assert len(set(names)) == len(names) == 5 * 1000
