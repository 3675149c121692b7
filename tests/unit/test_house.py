"""The house keeps its shape: imports point one way, names are documented, importing is silent."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import twilio_widgets

PACKAGE = Path(twilio_widgets.__file__).parent
ROOT = PACKAGE.parent

BELOW = {
    "errors": set(),
    "core": {"errors"},
    "frames": {"errors", "core"},
    "progress": set(),
    "client": {"errors", "core", "frames", "progress"},
    "sandbox": {"errors", "core"},
    "bulk": {"errors", "core", "frames", "progress", "client"},
    "listener": {"errors", "core", "frames", "progress", "client"},
    "panels": {
        "errors",
        "core",
        "frames",
        "progress",
        "client",
        "sandbox",
        "bulk",
        "listener",
    },
}
"""Which rooms a room may look into."""

SANDBOX_MAY_USE = {"segments", "signature", "connection", "secret"}
"""So that it can contradict the client, the sandbox shares no more than this with the core."""

UPWARD = {
    ("errors", "core.explain"),
    ("errors", "core.response"),
    ("listener", "panels.events_table"),
    ("bulk", "panels.job_bar"),
    ("client", "bulk.once"),
}
"""An error explains itself by the catalogue, loaded when asked; it may carry an answer (a type).
A listener and a job are drawn by the panels' room, loaded when they are first shown. A message that
is sent once has a journal, loaded when it is asked for."""

LIBRARIES = {
    "httpx": {"core/network/", "sandbox/inprocess.py"},
    "httpcore": {"core/network/"},
    "pandas": {"frames/", "bulk/planning/table.py"},
    "pyarrow": {"frames/"},
    "msgspec": {"frames/", "listener/events/", "listener/storing/"},
    "numpy": {"frames/"},
    "openpyxl": {"frames/"},
    "ipywidgets": {"panels/"},
    "anywidget": {"panels/"},
    "traitlets": {"panels/"},
    "IPython": {"panels/"},
    "uvicorn": {"sandbox/"},
    "aiohttp": {"core/network/aiohttp_backend.py"},
    "yarl": {"core/network/aiohttp_backend.py"},
    "httptools": {"listener/"},
    "jupyter_server": {"listener/jupyter/"},
    "tornado": {"listener/jupyter/"},
    "platformdirs": {"core/folders.py"},
    "jupyter_core": {"listener/jupyter/"},
    "multipart": {"core/guardrails/creation.py", "sandbox/"},
    "tqdm": {"progress.py"},
    "phonenumbers": {"core/"},
    "regex": {"core/segments.py"},
    "keyring": {"core/sources.py"},
    "dotenv": {"core/sources.py"},
}
"""Which files may name a library."""

FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imports_of(file: str) -> set[str]:
    """Every module a file imports, wherever in the file, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file} imports relatively"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(file: str) -> str:
    return file.split("/", maxsplit=1)[0].removesuffix(".py")


@pytest.mark.parametrize("file", [file for file in FILES if file != "__init__.py"])
def test_imports_point_one_way(file):
    room = room_of(file)
    for name in imports_of(file):
        if not name.startswith("twilio_widgets."):
            continue
        inner = name.removeprefix("twilio_widgets.")
        other = inner.split(".")[0]
        if other == room or any(room == a and inner.startswith(b) for a, b in UPWARD):
            continue
        assert other in BELOW[room], f"{file} may not look into {other}"
        if room == "sandbox" and other == "core" and inner != "core":
            assert inner.split(".")[1] in SANDBOX_MAY_USE, f"{file} may not use {inner}"


@pytest.mark.parametrize("file", FILES)
def test_each_library_is_named_in_its_room_only(file):
    for name in imports_of(file):
        allowed = LIBRARIES.get(name.split(".")[0])
        assert allowed is None or any(file.startswith(place) for place in allowed), (
            f"{file} names {name}"
        )


def test_every_dependency_is_known_to_the_house():
    """A new library gets a room before it gets a line of code."""
    own = set(sys.stdlib_module_names) | {"twilio_widgets", "lazy_loader", "comm"}
    named = {name.split(".")[0] for file in FILES for name in imports_of(file)}
    assert named - own <= set(LIBRARIES)


PUBLIC = list(twilio_widgets.__all__)


def test_public_names_are_the_ones_promised():
    assert set(PUBLIC) >= {
        "ApiKeyConnection",
        "AuthTokenConnection",
        "connect",
        "Sandbox",
        "demo",
        "Twilio",
        "AsyncTwilio",
        "segments",
        "explain_error",
        "ConnectionPanel",
        "SendPanel",
        "MessagesPanel",
        "Workbench",
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_documented(name):
    """One sentence first, in the docstring; and a place in the README."""
    thing = getattr(twilio_widgets, name)
    first = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
    assert first.endswith((".", ":")), f"{name}: {first!r}"
    assert name in (ROOT / "README.md").read_text("utf-8")


CLASSES = [name for name in PUBLIC if inspect.isclass(getattr(twilio_widgets, name))]


@pytest.mark.parametrize("name", CLASSES)
def test_the_public_methods_of_a_public_class_are_documented(name):
    thing = getattr(twilio_widgets, name)
    for method, function in vars(thing).items():
        if not method.startswith("_") and inspect.isfunction(function):
            assert inspect.getdoc(function), f"{name}.{method}"


SILENT = """
import sys, json
seen = []
def hook(event, args):
    if event.split(".")[0] in {"socket", "subprocess"} or event == "_thread.start_new_thread":
        seen.append(event)
    if event == "open" and isinstance(args[0], str) and "w" in str(args[1] or ""):
        seen.append(f"open {args[0]}")
sys.addaudithook(hook)
import twilio_widgets
heavy = ("httpx", "pandas", "pyarrow", "ipywidgets", "uvicorn", "phonenumbers")
heavy = [name for name in heavy if name in sys.modules]
print(json.dumps([seen, heavy]))
"""


def test_importing_opens_nothing_starts_nothing_and_loads_no_heavy_room():
    command = [sys.executable, "-B", "-c", SILENT]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == [[], []]


def test_nothing_committed_names_a_registry_or_a_path_of_a_machine():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    registries = ("pypi.%s" % "org", "files.python%s" % "hosted", "registry.npm%s" % "js")  # noqa: UP031
    places = (str(ROOT), str(Path.home()) + "/")
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png"} or not path.is_file():
            continue
        text = path.read_text("utf-8")
        for word in (*registries, *places):
            assert word not in text, f"{name} holds {word}"
