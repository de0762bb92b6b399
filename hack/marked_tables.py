"""Tables that a program writes into a Markdown page, each between two marks."""

import argparse
import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]


def with_table(page: str, name: str, table: str) -> str:
    """Returns the page with the table between the marks of that name. Exits with a message when there are none."""
    found = re.search(rf"(<!-- {name}: .*? -->\n)(.*?)(<!-- end of {name} -->\n)", page, re.DOTALL)
    if found is None:
        raise SystemExit(f"there are no marks for the table of {name}")
    return f"{page[: found.end(1)]}{table}{page[found.start(3) :]}"


def write_or_check(path: Path, fresh: Callable[[str], str], description: str) -> None:
    """Writes the page anew; with --check on the command line it writes nothing, and exits with the difference."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a table is out of date")
    check = parser.parse_args().check
    before = path.read_text()
    after = fresh(before)
    if not check:
        path.write_text(after)
    elif before != after:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        sys.stdout.writelines(difflib.unified_diff(old, new, "in the tree", "anew"))
        raise SystemExit(f"{path.relative_to(ROOT)} is out of date: run make generate")
