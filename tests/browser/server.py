"""A JupyterLab server for the browser tests, which leaves nothing behind."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 60
"""Seconds to wait for the server before calling it broken."""


class JupyterLab:
    """A JupyterLab server on loopback, with configuration, data and notebooks of its own.

    Its kernel is the Python that runs the tests, so `twilio_widgets` is the one under test.

    Args:
        base_url: The path below which all of it is, with a slash at both ends.
    """

    def __init__(self, base_url: str = "/") -> None:
        self.base_url = base_url
        self.state = Path(tempfile.mkdtemp(prefix="twilio-widgets-lab-"))
        self.root = self.state / "notebooks"
        self.root.mkdir()
        self.token = secrets.token_hex(16)
        self.add_kernel("python3")
        self._write_settings()
        self._log = (self.state / "server.log").open("wb")
        self._process = subprocess.Popen(
            self._command(),
            env=self._environment(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.url = self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def add_kernel(self, name: str, packages: Path = REPOSITORY) -> None:
        """Offer a kernel that finds packages in this folder before those of the environment."""
        folder = self.state / "data" / "kernels" / name
        folder.mkdir(parents=True)
        launcher = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel = {
            "argv": launcher,
            "display_name": name,
            "language": "python",
            "env": {"PYTHONPATH": os.pathsep.join([str(packages), str(REPOSITORY)])},
        }
        (folder / "kernel.json").write_text(json.dumps(kernel))

    def _write_settings(self) -> None:
        folder = self.state / "lab" / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        (folder / "notification.jupyterlab-settings").write_text(json.dumps(quiet))

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", "--port=0", f"--IdentityProvider.token={self.token}"),
            f"--ServerApp.base_url={self.base_url}",
            f"--ServerApp.root_dir={self.root}",
            # window.jupyterapp: commands and kernel, in JupyterLab and in Notebook 7
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.news_url=",
        ]

    def _environment(self) -> dict[str, str]:
        own = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "lab",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        return {
            **os.environ,
            **{name: str(self.state / folder) for name, folder in own.items()},
            "PYTHONPATH": str(REPOSITORY),
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def _wait_until_it_answers(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            for found in (self.state / "runtime").glob("jpserver-*.json"):
                with suppress(OSError, ValueError):  # still being written, or not yet listening
                    self.url = json.loads(found.read_text())["url"].rstrip("/")
                    self.ask("GET", "/api/status")
                    return self.url
            time.sleep(0.05)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log()[-4000:]}")

    def ask(self, method: str, path: str) -> Any:
        """Ask the server's REST API; return the decoded answer, or None when it has no body."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def trust(self, path: Path) -> None:
        """Sign a notebook, as if this server had run it."""
        command = [sys.executable, "-m", "jupyter", "trust", str(path)]
        subprocess.run(command, env=self._environment(), check=True, capture_output=True)

    def log(self) -> str:
        """Return everything the server and its kernels have written so far."""
        return (self.state / "server.log").read_text(errors="replace")

    def end_kernels(self) -> None:
        """Stop every kernel, so that one test's threads never slow the next one down."""
        for session in self.ask("GET", "/api/sessions"):
            self.ask("DELETE", f"/api/sessions/{session['id']}")

    def processes(self) -> list[int]:
        """Return the live processes (the server, its kernels) that carry this server's folder."""
        mark, found = str(self.state / "runtime").encode(), []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in environment.read_bytes():
                    found.append(int(environment.parent.name))
        return found

    def stop(self) -> None:
        """Stop the server and its kernels, and remove its folders."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._log.close()
        left = self.processes()
        shutil.rmtree(self.state, ignore_errors=True)
        if left:
            raise RuntimeError(f"processes outlived their JupyterLab: {left}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
