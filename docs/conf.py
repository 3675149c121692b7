"""Settings of Sphinx for the manual; see build.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from generate import write_reference

import twilio_widgets

project = "twilio_widgets"
copyright = "the twilio_widgets authors"  # noqa: A001  # Sphinx's name
author = "The twilio_widgets authors"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.doctest",
]
exclude_patterns = ["build.py", "generate.py", "conf.py"]

html_theme = "pydata_sphinx_theme"
html_title = "twilio_widgets"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

# The notebooks are executed and checked by the tests; here their stored outputs are shown.
nb_execution_mode = "off"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

# `x` in a docstring is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_use_rtype = False
napoleon_use_ivar = True
# A notebook's first heading begins with its number; its later ones are all of the second level.
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

doctest_global_setup = """
import logging

import twilio_widgets as tw
from twilio_widgets import *

sandbox = tw.Sandbox(seed=7, messages=2_000, now="2026-01-15T12:00:00Z")
twilio = tw.Twilio(sandbox.connection)
logging.getLogger("httpx").setLevel(logging.WARNING)  # Sphinx lowers the level of every logger
"""
doctest_global_cleanup = """
twilio.close()
sandbox.close()
"""


def setup(app):
    """Write the generated pages before Sphinx looks for its sources."""
    write_reference(Path(app.srcdir) / "reference", twilio_widgets)
