"""README.md: its table of values is made of values.yaml and values.schema.json."""

import json
import os
import re
from pathlib import Path

CHART = Path(__file__).parents[2] / "charts" / "tfs-operator"
TABLE = re.compile(r"(<!-- values: .*? -->\n).*(<!-- end of values -->\n)", re.DOTALL)


def leaves(values, schema, path=""):
    """(path, default, description) of every setting; a filled map such as resources.limits counts as one."""
    for name, value in values.items():
        inner = schema["properties"][name]
        if value and "properties" in inner:
            yield from leaves(value, inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", value, inner["description"]


def test_table_of_values(values):
    """`TFS_UPDATE_GOLDEN=1 pytest tests/chart` writes it anew."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    rows = [f"| `{path}` | `{json.dumps(value)}` | {text} |\n" for path, value, text in leaves(values, schema)]
    readme = CHART / "README.md"
    table = "".join(["| value | default | meaning |\n|---|---|---|\n", *rows])
    expected = TABLE.sub(lambda found: f"{found[1]}{table}{found[2]}", readme.read_text())
    if os.environ.get("TFS_UPDATE_GOLDEN") == "1":
        readme.write_text(expected)
    assert readme.read_text() == expected
