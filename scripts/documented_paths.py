"""Write `core/raw/documented_paths.txt` from a list of the paths of Twilio's OpenAPI documents.

The list is a JSON object: the name of each document, its ``servers`` (URLs) and its ``paths``, each
with its methods.

    .venv/bin/python scripts/documented_paths.py paths.json --commit d50069b --date 2026-04-14
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit

TARGET = Path(__file__).parents[1] / "twilio_widgets" / "core" / "raw" / "documented_paths.txt"
LICENCE = Path(__file__).parents[1] / "tests" / "contract" / "data" / "LICENSE.twilio-oai.txt"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADER = """\
Paths of Twilio's REST API, by product, each with its methods. Written by
scripts/documented_paths.py from the documents in spec/json of the public repository
twilio/twilio-oai, of {date}, at commit {commit}.
Everything but servers, paths and methods was left out.
"""


def main() -> None:
    """Read the list and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", type=Path, help="the JSON file")
    parser.add_argument("--commit", required=True, help="the commit of the documents")
    parser.add_argument("--date", required=True, help="the date of the commit, such as 2026-04-14")
    options = parser.parse_args()
    documents = json.loads(options.paths.read_text("utf-8"))
    licence = LICENCE.read_text("utf-8").partition("MIT License")
    header = HEADER.format(commit=options.commit, date=options.date) + "\n" + "".join(licence[1:])
    comments = [f"# {line}".rstrip() for line in header.splitlines()]
    TARGET.write_text("\n".join([*comments, *rows_of(documents)]) + "\n", "utf-8")


def rows_of(documents: dict[str, dict[str, object]]) -> list[str]:
    """Return the lines of the file: a product, then its paths in order."""
    products: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for document in documents.values():
        (server,) = document["servers"]
        host = urlsplit(server).hostname or ""
        for path, methods in document["paths"].items():
            if "/test/" not in path:  # a path for Twilio's own tests
                products[host.partition(".")[0]][path] |= set(methods)
    rows = []
    for product, paths in sorted(products.items()):
        rows.append(product)
        for path, methods in sorted(paths.items()):
            if methods:
                rows.append(f"{','.join(one for one in METHODS if one in methods)} {path}")
    return rows


if __name__ == "__main__":
    main()
