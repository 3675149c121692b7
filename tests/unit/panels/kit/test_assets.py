"""What the page gets of each element: its file with everything that file imports."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections import Counter
from typing import TYPE_CHECKING

import anywidget
import pytest

from twilio_widgets import panels
from twilio_widgets.panels.kit import assets
from twilio_widgets.panels.kit.assets import IMPORT, PANELS, asset, joined
from twilio_widgets.panels.kit.elements import Element, close_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = sorted(path for path in PANELS.rglob("*.*") if path.suffix in {".js", ".css"})
DECLARED = re.compile(
    r"^(?:export default )?(?:async )?(?:function|class|const|let|var) (\w+)", re.MULTILINE
)


def elements() -> Iterator[type[Element]]:
    for found in pkgutil.walk_packages(panels.__path__, f"{panels.__name__}."):
        importlib.import_module(found.name)
    unseen = [Element]
    while unseen:
        element = unseen.pop()
        unseen += element.__subclasses__()
        if element.__module__.startswith(panels.__name__):
            yield element


def texts(key: str) -> list[str]:
    """Return each text that an element of the package gives the page under this key."""
    return sorted({str(vars(element)[key]) for element in elements() if key in vars(element)})


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def write(folder: Path, **files: str) -> Path:
    """Write ``name.js`` for each name and return the path of the first."""
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder / f"{next(iter(files))}.js"


def test_a_file_follows_its_imports_and_appears_once(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { a } from "./a.js";\nimport { b } from "./b.js";\nexport default a + b;\n',
        a='import { b } from "./b.js";\nexport const a = b + 1;\n',
        b="export const b = 1;\n",
    )

    assert joined(entry) == "const b = 1;\n\nconst a = b + 1;\n\nexport default a + b;\n"


def test_a_style_sheet_follows_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "variables.css").write_text(".tw-card { --tw-ink: #000; }\n")
    (tmp_path / "card.css").write_text('@import "./variables.css";\n.tw-card { color: inherit; }\n')

    assert joined(tmp_path / "card.css") == (
        ".tw-card { --tw-ink: #000; }\n\n.tw-card { color: inherit; }\n"
    )


@pytest.mark.parametrize("module", texts("_esm"), ids=first_line)
def test_no_two_files_of_an_element_declare_the_same_name(module: str) -> None:
    counts = Counter(DECLARED.findall(module))

    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("module", texts("_esm"), ids=first_line)
def test_an_element_is_one_module_that_imports_nothing(module: str) -> None:
    assert re.findall(r"^import\b.*", module, re.MULTILINE) == []
    assert len(re.findall(r"^export\b", module, re.MULTILINE)) == 1


@pytest.mark.parametrize("sheet", texts("_css"), ids=first_line)
def test_a_style_sheet_imports_nothing(sheet: str) -> None:
    assert "@import" not in sheet


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_import_gives_no_name_another_one(path: Path) -> None:
    """The joined files share one scope: a second name for the same thing would not exist there."""
    assert [
        line for line in re.findall(r"^import .*", path.read_text(), re.M) if " as " in line
    ] == []


def test_every_file_belongs_to_an_element() -> None:
    given = "\n".join(texts("_esm") + texts("_css"))
    bodies = {path.name: joined_alone(path) for path in FILES}

    assert [name for name, body in bodies.items() if body not in given] == []


def joined_alone(path: Path) -> str:
    return re.sub(r"^export (?!default)", "", IMPORT.sub("", path.read_text()), flags=re.MULTILINE)


def test_a_changed_neighbour_reaches_an_open_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "_reloads", lambda: True)
    monkeypatch.setattr(assets, "_watch", lambda: None)
    monkeypatch.setattr(assets, "_live", {})
    write(
        tmp_path,
        entry='import { word } from "./word.js";\nexport default { word };\n',
        word='export const word = "before";\n',
    )

    class Open(anywidget.AnyWidget):
        _esm = asset(str(tmp_path / "open.py"), "entry.js")

    page = Open()
    write(tmp_path, word='export const word = "after";\n')
    assets.reload()

    assert page._esm == 'const word = "after";\n\nexport default { word };\n'
    close_tree(page)


def test_the_lock_file_of_the_development_tools_names_no_registry() -> None:
    """Each of them is taken from the registry that a machine is set up for."""
    lock = json.loads((PANELS.parents[1] / "package-lock.json").read_text())

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
