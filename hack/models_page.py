"""python -m hack.models_page [--check]: writes the table of schemes in docs/models.md, from api/schemes.py.

With --check it writes nothing and fails when the table is out of date.
"""

from pathlib import Path

from hack.marked_tables import with_table, write_or_check
from tfs_operator.api.schemes import SCHEMES, Schemes, in_order

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
_HEAD = "| `modelUri` | what it is | a new version is served |\n|---|---|---|\n"


def table(schemes: Schemes = SCHEMES) -> str:
    """One row for each scheme, in the order of the messages; its URI leads to its section of the page."""
    rows = (f"| [`{each.uri}`](#{each.section}) | {each.what} | {each.served} |\n" for each in in_order(schemes))
    return "".join([_HEAD, *rows])


def fresh(page: str, schemes: Schemes = SCHEMES) -> str:
    """The page with its table made anew, between its two marks."""
    return with_table(page, "schemes", table(schemes))


if __name__ == "__main__":
    write_or_check(PAGE, fresh, "Writes the table of schemes in docs/models.md.")
