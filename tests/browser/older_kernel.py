"""A kernel of ipykernel 6 beside the environment's own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.tools import without

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.server import JupyterLab

_REQUIREMENTS = ("ipykernel==6.31.0", "nest-asyncio==1.6.0")


def add_older_kernel(lab: JupyterLab, folder: Path) -> str:
    """Install ipykernel 6.31 into a folder, and offer it as a kernel; return the kernel's name."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*pip, *_REQUIREMENTS], check=False, capture_output=True, text=True)
    if done.returncode:
        without(_REQUIREMENTS[0], consequence=f"it was not tried ({done.stderr[-200:]})")
    lab.add_kernel("older", folder)
    return "older"
