"""Send, read and watch Twilio messages from a notebook, safely and with reasons.

The public names stand in `__init__.pyi`; each loads its room on first use, so that
``import twilio_widgets`` costs next to nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
