"""Build the manual: the pages of this folder, the notebooks, and generated reference pages.

Nothing is generated in the source tree: Sphinx reads a copy in build/docs/source.
"""

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BUILD = ROOT / "build/docs"


def copy_sources() -> Path:
    """Return the folder with a fresh copy of the pages and the notebooks."""
    source = BUILD / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "notebooks", source / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return source


def main() -> int:
    """Build the pages, then run their examples; return the exit status of the first failure."""
    source = copy_sources()
    for builder in ("html", "doctest"):
        out = BUILD / builder
        arguments = ["-b", builder, "-W", "--keep-going", "-q", "-d", str(BUILD / "cache")]
        status = build_main([*arguments, str(source), str(out)])
        if status:
            return status
    print(f"Built {BUILD / 'html/index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
