"""What this installation is made of and what works in it: `show_versions` and the doctor."""

from twilio_widgets.support.doctor import examine
from twilio_widgets.support.versions import show_versions

__all__ = ["examine", "show_versions"]
