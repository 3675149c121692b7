"""Every panel has a table of the effect of its steps, and every module of steps is in one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import twilio_widgets.panels

PANELS = Path(twilio_widgets.panels.__file__).parent
STEP = re.compile(r"^def [a-z]\w*\(\s*state: (\w+State)\b[^)]*\) -> \1:", re.MULTILINE)

MODULES = sorted(path for path in PANELS.rglob("*.py") if STEP.search(path.read_text()))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PANELS)))
def test_the_steps_of_a_module_are_in_the_table_of_its_panel(module: Path) -> None:
    package = module.parent.name
    table = (Path(__file__).parent / package / "test_phase_table.py").read_text()
    (name,) = re.findall(
        rf"from twilio_widgets.panels.{package} import {module.stem} as (\w+)", table
    )

    assert f"steps_in({name}, " in table


def test_every_panel_has_a_table() -> None:
    panels = {path.parent.name for path in PANELS.rglob("panel.py") if path.parent.name != "kit"}

    assert panels == {module.parent.name for module in MODULES}
