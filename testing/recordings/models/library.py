"""Writes all models of the recordings, and the files of the server that most were recorded on.

`python -m testing.recordings.models.library FOLDER BASE` writes what a running server needs for the tests against
an address; BASE is FOLDER as the server will see it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from testing.conformance.models import MONITORING, config_list, model_config
from testing.recordings.models.graphs import write_table, write_uninitialised
from testing.recordings.models.kinds import write_kinds
from testing.recordings.models.scale import write_scale
from testing.recordings.models.signatures import TRACED, save, vector
from testing.recordings.models.variants import write_variants

_SERVED = ("kinds", "nodefault", "nosig", "table", "uninit", "defaults", "unicode")
"""The models of the recorded server with the default policy, besides `scale`."""


def write_library(folder: Path) -> None:
    """Writes the models into lib/ of the folder, which is {dir} in the recordings."""
    library = folder / "lib"
    write_scale(library / "scale")
    write_kinds(library / "kinds" / "1")
    _write_without_default(library / "nodefault" / "1")
    write_table(library / "table" / "1", initialised=True)
    write_table(library / "notable" / "1", initialised=False)
    write_uninitialised(library / "uninit" / "1")
    write_variants(library)


def write_shared_configs(folder: Path, base: Path | str) -> None:
    """Writes the configs of rest.jsonl, grpc.jsonl and metrics.json; `base` has lib/, as the server sees it."""
    labels = {"stable": 1, "canary": 2, "über label": 2}
    scale = model_config("scale", f"{base}/lib/scale", 1, 2, labels=labels)
    others = (model_config(name, f"{base}/lib/{name}") for name in _SERVED)
    (folder / "models.config").write_text(config_list(scale, *others))
    (folder / "monitoring.config").write_text(MONITORING)


def shared_flags(folder: Path | str) -> list[str]:
    """Returns the flags for these configs; `folder` has them, as the server sees it."""
    return [
        f"--model_config_file={folder}/models.config",
        f"--monitoring_config_file={folder}/monitoring.config",
        "--allow_version_labels_for_unavailable_models=true",
    ]


def _write_without_default(version: Path) -> None:
    def unchanged(x: Any) -> Any:
        return {"y": x}

    def doubled(x: Any) -> Any:
        return {"y": x * 2.0}

    unchanged.__name__ = doubled.__name__ = TRACED
    functions = (tf.function(function, input_signature=[vector(tf.float32)]) for function in (unchanged, doubled))
    module = tf.Module()
    module.a, module.b = functions
    save(version, module, {"a": module.a, "b": module.b})


def _main(arguments: Sequence[str]) -> None:
    folder, base = Path(arguments[0]), arguments[1]
    write_library(folder)
    write_shared_configs(folder, base)


if __name__ == "__main__":
    _main(sys.argv[1:])
