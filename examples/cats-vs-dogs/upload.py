#!/usr/bin/env python3
"""Uploads models into an S3 bucket; of each version saved_model.pb last, so that none looks whole too early.

    python examples/cats-vs-dogs/upload.py build/pets s3://models --endpoint http://127.0.0.1:7070

`aws s3 cp --recursive` does as well: the operator waits until a version has stopped changing. Credentials come from
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Needs obstore.
"""

import argparse
from pathlib import Path

import obstore
from obstore.store import S3Store


def in_order(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(files, key=lambda path: (path.name == "saved_model.pb", path))


def main() -> None:
    parser = argparse.ArgumentParser(description="Uploads models into an S3 bucket.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with the models' base paths in it")
    parser.add_argument("url", metavar="URL", help="for example s3://models")
    parser.add_argument("--endpoint", metavar="URL", help="of a store that is not Amazon's")
    parser.add_argument("--region", default="us-east-1", help="default: %(default)s")
    args = parser.parse_args()
    store = S3Store.from_url(
        args.url,
        region=args.region,
        client_options={"allow_http": True},
        retry_config={"max_retries": 3},
        **({"endpoint": args.endpoint} if args.endpoint else {}),
    )
    files = in_order(args.folder)
    for file in files:
        obstore.put(store, file.relative_to(args.folder).as_posix(), file)
    print(f"Uploaded {len(files)} files, {sum(file.stat().st_size for file in files):,} bytes, to {args.url}")


if __name__ == "__main__":
    main()
