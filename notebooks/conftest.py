"""The notebooks as tests: nbval runs them and compares their outputs with the stored ones."""

import os

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup():
    """Start the kernel with pictures that do not contain the names of their widgets."""
    before = os.environ.get("TWILIO_WIDGETS_STATIC")
    os.environ["TWILIO_WIDGETS_STATIC"] = "inline"
    try:
        return (yield)
    finally:
        if before is None:
            del os.environ["TWILIO_WIDGETS_STATIC"]
        else:
            os.environ["TWILIO_WIDGETS_STATIC"] = before
