"""hack/models_page.py [--check]: writes the table of schemes in docs/models.md, from api/schemes.py.

With --check it writes nothing and fails when the table is out of date.
"""

import argparse
import difflib
import re
import sys
from pathlib import Path

from tfs_operator.api.schemes import SCHEMES, Schemes, in_order

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
_HEAD = "| `modelUri` | what it is | a new version is served |\n|---|---|---|\n"


def table(schemes: Schemes = SCHEMES) -> str:
    """One row for each scheme, in the order of the messages; its URI leads to its section of the page."""
    rows = (f"| [`{each.uri}`](#{each.section}) | {each.what} | {each.served} |\n" for each in in_order(schemes))
    return "".join([_HEAD, *rows])


def fresh(page: str, schemes: Schemes = SCHEMES) -> str:
    """The page with its table made anew, between its two marks."""
    found = re.search(r"(<!-- schemes: .*? -->\n)(.*?)(<!-- end of schemes -->\n)", page, re.DOTALL)
    if found is None:
        raise SystemExit(f"{PAGE.name} has no marks for the table of schemes")
    return f"{page[: found.end(1)]}{table(schemes)}{page[found.start(3) :]}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the table of schemes in docs/models.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the table is out of date")
    check = parser.parse_args().check
    before = PAGE.read_text()
    after = fresh(before)
    if not check:
        PAGE.write_text(after)
    elif before != after:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        sys.stdout.writelines(difflib.unified_diff(old, new, "in the tree", "anew"))
        raise SystemExit("docs/models.md is out of date: run make generate")


if __name__ == "__main__":
    main()
