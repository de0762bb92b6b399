"""The boston example: its model, its load, and its warmup requests."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from testing.local_cluster.commands import ROOT

EXAMPLE = ROOT / "examples" / "boston"
TRAIN_SECONDS = 180


def train(folder: Path) -> Path:
    """The base path of the example's model, trained on drawn houses; beside it lie the example's samples."""
    base_path = folder / "boston"
    command = [sys.executable, str(EXAMPLE / "train.py"), "--data", "drawn", "--out", str(base_path)]
    subprocess.run(command, check=True, timeout=TRAIN_SECONDS, stdout=subprocess.DEVNULL)
    return base_path


def samples(base_path: Path) -> list[str]:
    """Bodies of requests with one house each."""
    return base_path.with_name(f"{base_path.name}-samples.jsonl").read_text().splitlines()


def program(name: str) -> ModuleType:
    """A program of the example, which is no package."""
    spec = importlib.util.spec_from_file_location(f"boston_{name}", EXAMPLE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{EXAMPLE}/{name}.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def grpc_request(sample: str) -> bytes:
    """The PredictRequest that says the same as a line of the samples."""
    request: bytes = program("warmup").prediction_log(sample).predict_log.request.SerializeToString()
    return request
