"""Send, read and watch Twilio messages from a notebook, safely and with reasons.

The public names are listed in `__init__.pyi`. Each is imported when it is first used, so that
``import twilio_widgets`` stays fast.
"""

import sys

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def _register_displays() -> None:
    """Display values of the core as HTML in IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        from twilio_widgets.panels.kit.displays import register

        register(shell.display_formatter.formatters["text/html"])


_register_displays()
