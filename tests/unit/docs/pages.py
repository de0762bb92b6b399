"""The pages that users read."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]}
"""Path from the repository's root → text."""
