"""The ground the browser tests stand on."""

from __future__ import annotations

import sys

import pytest

from tests.browser.harness import KernelError, Notebook, Watch

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_the_kernel_is_the_python_under_test(notebook: Notebook) -> None:
    notebook.open(["import sys, twilio_widgets", "print(sys.executable)"])
    notebook.run_all()

    output = notebook.save()["cells"][1]["outputs"][0]["text"]
    assert output == [f"{sys.executable}\n"]


def test_a_cell_that_fails_fails_the_test(notebook: Notebook) -> None:
    notebook.open(["1 / 0"])

    with pytest.raises(KernelError, match="ZeroDivisionError"):
        notebook.run_all()
    with pytest.raises(KernelError, match="ZeroDivisionError"):
        notebook.execute("1 / 0")
    assert notebook.execute("print(6 * 7)") == "42\n"


def test_nothing_leaves_the_machine_unseen(notebook: Notebook, watch: Watch) -> None:
    notebook.open(["1"])
    notebook.page.evaluate("() => fetch('https://example.org/x').catch(() => 'refused')")
    with notebook.page.expect_event("pageerror"):
        notebook.page.evaluate("() => { setTimeout(() => { throw Error('oh') }); alert('hi'); }")

    assert watch.problems() == {
        "external": ["https://example.org/x"],
        "errors": ["oh"],
        "dialogs": ["alert: hi"],
    }
    for seen in (watch.external, watch.page_errors, watch.dialogs):
        seen.clear()


@pytest.mark.long
def test_themes_and_a_reload_keep_the_kernel(notebook: Notebook) -> None:
    notebook.open(["kept = 'still here'"])
    notebook.run(0)
    light = notebook.screenshot("harness", "light").read_bytes()
    dark = notebook.screenshot("harness", "dark").read_bytes()
    notebook.save()
    notebook.visit()

    assert light != dark
    assert notebook.execute("print(kept)") == "still here\n"
