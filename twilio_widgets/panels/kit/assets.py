"""The JavaScript and CSS of the elements: modules that import what they use, joined for the page.

anywidget loads an element's module from text, and a module loaded from text cannot import its
neighbours. `asset` therefore returns a file together with everything it imports. Node, TypeScript
and editors read the same files as they are.

A file may use this much of the language, and `tests/unit/panels/kit/test_assets.py` checks it:

- ``import { name, other } from "./neighbour.js";`` and ``@import "./neighbour.css";``, each on a
  line of its own;
- ``export`` before a function, class or constant, and one ``export default`` in an element's file.

All files of one element share one scope, so two of them cannot declare the same name.
"""

from __future__ import annotations

import importlib.util
import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anywidget._file_contents import VirtualFileContents

PANELS = Path(__file__).resolve().parents[1]

IMPORT = re.compile(r'^(?:import \{[^}\n]*\} from|@import) "(\.[^"\n]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)

_live: dict[Path, VirtualFileContents] = {}


def asset(beside: str, name: str) -> str | VirtualFileContents:
    """Return a JavaScript or CSS file with everything it imports, for ``_esm`` or ``_css``.

    With ``ANYWIDGET_HMR=1`` in a checkout, and watchfiles installed, open pages reload a changed
    file, as anywidget does when an element is a single file.

    Args:
        beside: The ``__file__`` of the module that uses it.
        name: The path of the file, relative to that module.
    """
    path = (Path(beside).parent / name).resolve()
    return _reloaded(path) if _reloads() else joined(path)


def joined(path: Path) -> str:
    """Return the text of a file after the texts of all it imports, each of them once."""
    found: dict[Path, str] = {}
    _collect(path, found)
    return "\n".join(found.values())


def _collect(path: Path, found: dict[Path, str]) -> None:
    text = path.read_text("utf-8")
    for name in IMPORT.findall(text):
        neighbour = (path.parent / name).resolve()
        if neighbour not in found:
            _collect(neighbour, found)
    found[path] = _EXPORT.sub("", IMPORT.sub("", text))


def reload() -> None:
    """Send open pages the files that changed."""
    for path, contents in tuple(_live.items()):
        text = joined(path)
        if text != contents.contents:
            contents.contents = text


def _reloads() -> bool:
    return (
        os.environ.get("ANYWIDGET_HMR") == "1"
        and "site-packages" not in PANELS.parts
        and importlib.util.find_spec("watchfiles") is not None
    )


def _reloaded(path: Path) -> VirtualFileContents:
    from anywidget._file_contents import VirtualFileContents

    if not _live:
        threading.Thread(target=_watch, name="twilio_widgets-assets", daemon=True).start()
    return _live.setdefault(path, VirtualFileContents(joined(path)))


def _watch() -> None:
    from watchfiles import watch

    for _changes in watch(PANELS):
        with suppress(FileNotFoundError):  # an editor is replacing the file: it comes back
            reload()
