"""The maps of the tree in README.md and CONTRIBUTING.md name the folders that exist, and no others."""

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[3]
DEPTHS = {"operator": 9, "charts": 1, "examples": 1}
"""How many levels of a top folder CONTRIBUTING draws; two of any other. Charts and examples have their own pages."""
LINE = re.compile(r"^( *)([\w./-]+)/ ")


def folders() -> set[str]:
    """Every folder with a file that git tracks or would track, without the hidden ones."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    parents = {folder for line in listed.splitlines() for folder in PurePosixPath(line).parents}
    return {str(folder) for folder in parents if folder.parts and not folder.parts[0].startswith(".")}


def depth_to_draw(folder: str) -> int:
    return DEPTHS.get(folder.split("/")[0], 2)


def drawn() -> set[str]:
    """The folders of CONTRIBUTING's map, whose indentation is the nesting, and their parents."""
    [block] = re.findall(r"^## Where things are\n\n```\n(.*?)^```$", page("CONTRIBUTING.md"), re.MULTILINE | re.DOTALL)
    stack: list[tuple[int, PurePosixPath]] = []
    found: set[str] = set()
    for line in block.splitlines():
        match = LINE.match(line)
        assert match, f"no folder and description: {line!r}"
        while stack and stack[-1][0] >= len(match[1]):
            stack.pop()
        folder = (stack[-1][1] if stack else PurePosixPath()) / match[2]
        stack.append((len(match[1]), folder))
        found |= {str(each) for each in (folder, *folder.parents) if each.parts}
    return found


def page(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_map_of_contributing_has_every_folder() -> None:
    expected = {folder for folder in folders() if folder.count("/") < depth_to_draw(folder)}
    assert drawn() ^ expected == set(), "add a line to the map in CONTRIBUTING.md, or remove one"


def listed_in_readme() -> list[str]:
    [table] = re.findall(r"^## Where things are\n\n((?:\|.*\n)+)", page("README.md"), re.MULTILINE)
    paths: list[str] = []
    for row in table.splitlines()[2:]:
        names = re.findall(r"`([^`]+)`", row.split("|")[1])
        paths += [name if "/" in name or name in top_folders() else f"operator/tfs_operator/{name}" for name in names]
    return paths


def top_folders() -> set[str]:
    return {folder for folder in folders() if "/" not in folder}


@pytest.mark.parametrize("path", listed_in_readme())
def test_a_folder_in_the_readme_exists(path: str) -> None:
    assert path in folders()


def test_the_readme_names_every_folder_at_the_top_and_of_the_operator() -> None:
    named = {parent for path in listed_in_readme() for parent in (path, path.split("/")[0])}
    rooms = {folder for folder in folders() if re.fullmatch(r"operator/tfs_operator/\w+", folder)}
    assert (top_folders() | rooms) - named == set()
