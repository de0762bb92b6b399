#!/usr/bin/env python3
"""Makes a version that no server can load, to show that a bad version does not affect clients.

    python examples/mnist/damage.py build/mnist/2 build/mnist/3

copies version 2 to version 3, but for its saved_model.pb: that is the page of a web server that was out of order, as
when a script downloads a model and does not look at the status. TensorFlow Serving takes the folder for a version,
tries to load it and gives up: `DATA_LOSS: Can't parse …/3/saved_model.pb as binary proto`. Needs nothing but Python.
"""

import argparse
import shutil
from pathlib import Path

PAGE = "<html><body><h1>503 Service Unavailable</h1></body></html>\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Copies a version of a model and damages the copy.")
    parser.add_argument("good", type=Path, metavar="GOOD", help="the version to copy, for example build/mnist/2")
    parser.add_argument("bad", type=Path, metavar="BAD", help="the version to make, for example build/mnist/3")
    args = parser.parse_args()
    shutil.copytree(args.good, args.bad, dirs_exist_ok=True)
    graph = args.bad / "saved_model.pb"
    graph.write_text(PAGE)
    print(f"Saved {args.bad}, with a damaged {graph.name}: {PAGE.strip()}")


if __name__ == "__main__":
    main()
