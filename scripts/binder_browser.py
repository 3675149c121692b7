"""Open the first notebook on a server like Binder's and run it in Chromium, cell by cell.

Usage: binder_browser.py JUPYTER FOLDER
"""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.harness import _CELL_ERRORS, _READY, _RUN, Watch, launch_chromium

BASE = "/user/ada-binder-example/"
FIRST = "notebooks/01-connect-send-list.ipynb"
PATIENCE = 180_000


def start(jupyter: str, folder: Path, token: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server; return its process and its URL once it answers."""
    environment = os.environ | {"JUPYTER_PLATFORM_DIRS": "1"}
    log = (folder.parent / "server.log").open("wb")
    command = [
        jupyter, "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.base_url={BASE}",
        f"--ServerApp.root_dir={folder}", "--LabApp.news_url=",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    runtime = Path.home()
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for file in runtime.rglob(f"jpserver-{server.pid}.json"):
            url = json.loads(file.read_text())["url"]
            try:
                with urllib.request.urlopen(f"{url}api", timeout=5):
                    return server, url
            except OSError:
                continue
        time.sleep(0.1)
    server.terminate()
    raise SystemExit("The server did not start:\n" + (folder.parent / "server.log").read_text())


def check(url: str, token: str) -> None:
    """Run the first notebook and use what Binder's users need: widgets, and a way for webhooks."""
    with launch_chromium() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 1400})
        watch = Watch.over(page)
        page.goto(f"{url}lab/tree/{FIRST}?token={token}", timeout=PATIENCE)
        page.wait_for_function(_READY, timeout=PATIENCE)
        page.evaluate(_RUN, ["notebook:run-all-cells", None])
        errors = page.evaluate(_CELL_ERRORS)
        if errors:
            raise SystemExit(errors[0])
        page.locator(".tw-card").first.wait_for(timeout=PATIENCE)
        if watch.external:
            raise SystemExit(f"The page asked another machine: {watch.external}")


def extension_is_enabled(jupyter: str) -> bool:
    """Return whether the server extension for webhooks is enabled."""
    listed = subprocess.run(
        [jupyter, "server", "extension", "list"], capture_output=True, text=True, check=True
    )
    text = listed.stdout + listed.stderr
    return any("twilio_widgets" in line and "enabled" in line for line in text.splitlines())


def main() -> None:
    """Start, measure, check, stop."""
    jupyter, folder = sys.argv[1], Path(sys.argv[2])
    if not extension_is_enabled(jupyter):
        raise SystemExit("The server extension is not enabled.")
    token = secrets.token_hex(16)
    began = time.monotonic()
    server, url = start(jupyter, folder, token)
    try:
        print(f"The server answered after {time.monotonic() - began:.1f} s.")
        check(url, token)
        print(f"The first notebook had run after {time.monotonic() - began:.1f} s.")
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
