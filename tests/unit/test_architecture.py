"""Imports point one way, public names are documented, and importing has no side effects."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import twilio_widgets

PACKAGE = Path(twilio_widgets.__file__).parent
ROOT = PACKAGE.parent

BELOW = {
    "errors": set(),
    "progress": {"errors"},
    "core": {"errors"},
    "frames": {"errors", "core"},
    "signature": {"errors", "core"},
    "journal": {"errors", "core"},
    "sandbox": {"errors", "core"},
    "support": {"errors", "core"},
    "__main__": {"support"},
    "client": {"errors", "progress", "core", "frames", "journal"},
    "bulk": {"errors", "progress", "core", "frames", "journal", "client"},
    "archive": {"errors", "progress", "core", "frames", "client"},
    "analysis": {"errors", "progress", "core", "frames", "archive"},
    "listener": {"errors", "progress", "core", "frames", "signature", "client"},
    "panels": {
        "errors",
        "progress",
        "core",
        "frames",
        "signature",
        "journal",
        "sandbox",
        "client",
        "bulk",
        "archive",
        "analysis",
        "listener",
    },
}
"""The packages that each package may import."""

SANDBOX_MAY_USE = {
    "core/closing.py",  # knows nothing of Twilio
    "core/text/segments.py",
    "core/signature.py",
    "core/system/thread_lock.py",
    "core/credentials/connection.py",
    "core/credentials/secret.py",
}
"""All that the sandbox imports from the core: it must be able to contradict the client."""

UPWARD = {
    ("errors.py", "core/error_codes/explain.py"),
    ("errors.py", "core/raw/response.py"),
    ("listener/source.py", "panels/events/table.py"),
    ("bulk/job.py", "panels/bulk/job_bar.py"),
    ("analysis/answer_frame.py", "panels/charts/chart.py"),
}
"""Imports against the direction, by file. An error loads its explanation when asked, and may carry
a response (a type). The rich display of a listener and of a job is loaded when first shown, and so
is the chart of an answer."""

LIBRARIES = {
    "httpx": {"core/http/", "sandbox/http/inprocess.py", "sandbox/http/forwarding.py"},
    "httpcore": {"core/http/"},
    "pandas": {"frames/", "bulk/planning/table.py", "archive/", "analysis/"},
    "pyarrow": {"frames/", "archive/", "analysis/"},
    "duckdb": {"archive/"},
    "dask": {"archive/"},
    "msgspec": {"frames/", "listener/events/", "listener/store_process/"},
    "numpy": {"frames/", "analysis/"},
    "openpyxl": {"frames/"},
    "ipywidgets": {"panels/"},
    "anywidget": {"panels/"},
    "watchfiles": {"panels/kit/assets.py"},
    "traitlets": {"panels/"},
    "IPython": {"panels/"},
    "altair": {"panels/charts/export.py"},
    "vl_convert": {"panels/charts/export.py"},
    "cairosvg": {"panels/charts/export.py"},
    "uvicorn": {"sandbox/"},
    "httptools": {"core/http/response_reader.py", "listener/"},
    "aiohappyeyeballs": {"core/http/direct_async.py"},
    "jupyter_server": {"listener/jupyter/"},
    "tornado": {"listener/jupyter/"},
    "platformdirs": {"core/system/folders.py"},
    "jupyter_core": {"listener/jupyter/"},
    "multipart": {"core/guardrails/message_request.py", "sandbox/"},
    "tqdm": {"progress.py"},
    "phonenumbers": {"core/"},
    "regex": {"core/text/segments.py"},
    "js": {"core/text/segments.py"},
    "pyodide": {"core/system/loop.py"},
    "keyring": {"core/credentials/sources.py"},
    "dotenv": {"core/credentials/sources.py"},
}
"""The files that may import a library."""

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


def package_of(file: str) -> str:
    return file.split("/", maxsplit=1)[0].removesuffix(".py")


def module_of(file: str) -> str:
    parts = ["twilio_widgets", *Path(file).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILE_OF = {module_of(file): file for file in FILES}


def files_imported_by(file: str) -> set[str]:
    """The files of the package that a file imports: typing-only and lazy imports included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import module` names the module, `from module import name` does not.
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in FILE_OF else node.module for name in names}
    return {FILE_OF[name] for name in found if name in FILE_OF} - {file}


@pytest.mark.parametrize("file", [file for file in FILES if file != "__init__.py"])
def test_imports_point_one_way(file):
    package = package_of(file)
    for other in files_imported_by(file) - {"__init__.py"}:
        if package_of(other) == package or (file, other) in UPWARD:
            continue
        assert package_of(other) in BELOW[package], f"{file} may not import {other}"
        if package == "sandbox" and package_of(other) == "core":
            assert other in SANDBOX_MAY_USE, f"{file} may not import {other}"


def test_no_files_import_each_other_in_a_circle():
    graph = {file: files_imported_by(file) for file in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("these files import each other: " + " ← ".join(error.args[1]))


@pytest.mark.parametrize("file", FILES)
def test_a_library_is_imported_only_where_it_belongs(file):
    for name in imports_of(file):
        allowed = LIBRARIES.get(name.split(".")[0])
        assert allowed is None or any(file.startswith(place) for place in allowed), (
            f"{file} imports {name}"
        )


def test_every_imported_library_has_its_place():
    """A new library is added to the table before it is imported."""
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
twilio_widgets.Twilio
heavy = ("asyncio", "httpx", "httpcore", "pandas", "pyarrow", "ipywidgets", "uvicorn")
heavy += ("phonenumbers", "platformdirs")
heavy = [name for name in heavy if name in sys.modules]
print(json.dumps([seen, heavy]))
"""
"""The client is named too: what only a request needs loads with the first request."""


def test_importing_opens_nothing_starts_nothing_and_loads_no_heavy_package():
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


def classes_of(file: str) -> list[str]:
    """The names of all classes a file defines, nested ones included."""
    nodes = ast.walk(ast.parse((PACKAGE / file).read_text("utf-8")))
    return [node.name for node in nodes if isinstance(node, ast.ClassDef)]


def test_every_lock_between_threads_survives_an_interruption():
    """`work.py` never waits for its lock, and needs one that the same thread cannot take twice."""
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if {"threading.Lock", "threading.RLock"}
        & {
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute)
        }
    }
    assert users == {"panels/kit/work.py"}


def test_no_class_name_has_two_meanings():
    places: dict[str, list[str]] = {}
    for file in FILES:
        for name in classes_of(file):
            places.setdefault(name, []).append(file)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
