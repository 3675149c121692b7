"""The versions of Python, of this package and of what it uses, and the front end."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from twilio_widgets.support.report_line import ReportLine, report_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = "twilio-widgets"
_JUPYTER = ("jupyterlab", "notebook", "voila", "jupyter-server", "ipykernel", "IPython")
_EXTRAS = ("openpyxl", "keyring", "python-dotenv", "duckdb", "dask", "twilio")


def show_versions() -> None:
    """Print what a bug report needs: versions, platform and front end. It contains no secret."""
    sys.stdout.write(report_of([*versions(), *front_end(os.environ)]))


def versions() -> list[ReportLine]:
    """Return the versions of Python, this package, its dependencies and Jupyter."""
    return [
        ReportLine("Python", "Python", platform.python_version()),
        ReportLine("Python", "Platform", f"{platform.system()} {platform.release()}"),
        *_installed("twilio_widgets", [_PACKAGE, *_dependencies()]),
        *_installed("Optional", _EXTRAS),
        *_installed("Jupyter in this kernel's environment", _JUPYTER),
    ]


def front_end(environ: Mapping[str, str]) -> list[ReportLine]:
    """Return the programs that this kernel can be recognised to run in.

    A kernel knows its server at best, never the page: none is reported as certain.
    """
    topic = "Front end"
    kernel = "ipykernel" in sys.modules
    found = [ReportLine(topic, "Kernel", "yes" if kernel else "no: a script or a terminal")]
    clues = {
        "Google Colab": "COLAB_RELEASE_TAG" in environ,
        "VS Code": "VSCODE_PID" in environ or "VSCODE_CWD" in environ,
        "JupyterHub": "JUPYTERHUB_SERVICE_PREFIX" in environ,
        "Binder": "BINDER_SERVICE_HOST" in environ,
        "Voilà": "voila" in environ.get("SERVER_SOFTWARE", ""),
        "JupyterLite": sys.platform == "emscripten",
        "Jupyter Server": "JPY_SESSION_NAME" in environ,
    }
    seen = [name for name, clue in clues.items() if clue]
    return [*found, ReportLine(topic, "Signs of", ", ".join(seen) or "no front end known to us")]


def _dependencies() -> list[str]:
    """Return the names of the required dependencies, as the installed package declares them."""
    try:
        declared = requires(_PACKAGE) or []
    except PackageNotFoundError:
        return []
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in declared if "extra ==" not in line)
    return sorted(name[0] for name in names if name)


def _installed(topic: str, names: list[str] | tuple[str, ...]) -> list[ReportLine]:
    return [ReportLine(topic, name, _version(name)) for name in names]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
