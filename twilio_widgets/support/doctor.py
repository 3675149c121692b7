"""``python -m twilio_widgets doctor``: what works here, and why not.

Nothing leaves this machine unless ``online`` is asked for, and nothing is created or changed: no
folder, no file.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from twilio_widgets.core.credentials.sources import available_sources
from twilio_widgets.core.system.folders import user_folder
from twilio_widgets.support.clock_skew import clock_skew
from twilio_widgets.support.guarded import guarded
from twilio_widgets.support.report_line import ReportLine
from twilio_widgets.support.versions import front_end, versions

TWILIO = "https://api.twilio.com"

_FEATURES = {
    "Message lists as DataFrames": (("pandas", "pyarrow", "msgspec"), "pandas pyarrow msgspec"),
    "Panels": (("ipywidgets", "anywidget"), "ipywidgets anywidget"),
    "The sandbox on a socket, a class": (("uvicorn",), "uvicorn"),
    "Excel files": (("openpyxl",), "openpyxl"),
    "SQL over an archive": (("duckdb",), "duckdb"),
    "An archive larger than memory": (("dask", "distributed"), '"dask[dataframe,distributed]"'),
    "Credentials in the system's keyring": (("keyring",), "keyring"),
    "Credentials in a .env file": (("dotenv",), "python-dotenv"),
    "Webhooks through a Jupyter server": (("jupyter_server",), "jupyter-server"),
}
"""Each feature with the modules it needs, and the packages that contain them."""


def examine(*, online: bool = False, seconds: float = 5.0) -> list[ReportLine]:
    """Return everything that can be said about this installation.

    Args:
        online: Whether to connect to Twilio once, without credentials, to compare the clocks.
        seconds: The time after which a check is given up.
    """
    return [
        *versions(),
        *front_end(os.environ),
        *guarded("Network", _network, seconds),
        *(guarded("Network", partial(clock_skew, TWILIO, seconds), seconds) if online else ()),
        *guarded("Data", _folders, seconds),
        *guarded("Credentials", _credentials, seconds),
        *_features(),
    ]


def _network() -> list[ReportLine]:
    return [_port(), _certificates(), _proxy()]


def _port() -> ReportLine:
    name = "A port on 127.0.0.1"
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            probe.listen()
    except OSError as error:
        why = f"cannot be opened ({error.strerror}); listeners and the sandbox's socket need one"
        return ReportLine("Network", name, why, "no")
    return ReportLine("Network", name, "can be opened", "ok")


def _certificates() -> ReportLine:
    name = "Certificates"
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        place = os.environ.get(variable)
        if place and not Path(place).exists():
            return ReportLine(
                "Network", name, f"{variable} names a place that does not exist", "no"
            )
    source = "of SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "of certifi or the system"
    return ReportLine("Network", name, f"{source}; {ssl.OPENSSL_VERSION}", "ok")


def _proxy() -> ReportLine:
    from twilio_widgets.core.http.proxy import proxy_for

    proxy = proxy_for(TWILIO)  # raises an error without the address when it cannot be used
    if proxy is None:
        return ReportLine("Network", "Proxy", "none for api.twilio.com")
    parts = urlsplit(str(proxy.url))
    # Without the user name and password that the address may have.
    return ReportLine("Network", "Proxy", f"{parts.scheme}://{parts.hostname}:{parts.port}")


def _folders() -> list[ReportLine]:
    folder = user_folder()
    shown = _from_home(folder)
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK):
        why = f"{_from_home(existing)} is not writable; jobs and listeners then need folder="
        return [ReportLine("Data", "Folder for jobs and events", why, "no")]
    free = shutil.disk_usage(existing).free // 2**20
    return [
        ReportLine("Data", "Folder for jobs and events", shown, "ok"),
        ReportLine("Data", "Free space", f"{free:,} MB", "ok" if free > 100 else "no"),
    ]


def _from_home(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _credentials() -> list[ReportLine]:
    found = available_sources()
    text = ", ".join(found) if found else "none found; a sandbox needs none"
    return [ReportLine("Credentials", "connect() would use", text)]


def _features() -> list[ReportLine]:
    return [_feature(name, *needs) for name, needs in _FEATURES.items()] + [_threads()]


def _feature(name: str, modules: tuple[str, ...], packages: str) -> ReportLine:
    missing = [module for module in modules if find_spec(module) is None]
    if not missing:
        return ReportLine("What works here", name, "yes", "ok")
    why = f"no: {', '.join(missing)} is missing. pip install {packages}"
    return ReportLine("What works here", name, why, "no")


def _threads() -> ReportLine:
    name = "Listeners, jobs, live panels"
    if sys.platform == "emscripten":
        why = "no: a browser page has no threads and no sockets. Use a Jupyter server."
        return ReportLine("What works here", name, why, "no")
    return ReportLine("What works here", name, "yes", "ok")
