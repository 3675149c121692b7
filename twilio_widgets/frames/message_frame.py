"""`MessageFrame`: the message log as a pandas DataFrame."""

from __future__ import annotations

from twilio_widgets.frames.safe_frame import SafeFrame


class MessageFrame(SafeFrame):
    """Messages as a pandas DataFrame, safe to look at and honest about what it leaves out.

    It is a DataFrame in every respect; what pandas derives from it is a MessageFrame again. The
    columns and dtypes are in `twilio_widgets.frames.schema`. Its display differs from pandas' in
    three ways: texts are never read as HTML or TeX, control characters never reach the terminal,
    and a line says when rows are not shown or were never read. ``frame.style`` is pandas' own and
    does *not* escape: do not use it on texts from strangers. ``frames.read_csv`` and
    ``frames.read_excel`` read back what ``to_csv`` and ``to_excel`` wrote.

    ``frame.attrs`` tells about the reading, in plain JSON values:

    - ``account``: the account SID, masked; ``filters``: what was asked for; ``fetched_at``;
    - ``complete``: True when this frame certainly has everything the log had for the filters;
    - ``cut_off``: when the log holds more than was read, a sentence that says so;
    - ``rows_read``: messages read from Twilio; ``rows``: rows of the frame when it was made.

    pandas copies ``attrs`` to every derived frame (for `concat` and `merge`, when all the inputs'
    are equal), whatever happened to its rows. So ``complete`` stays True only where a derived frame
    certainly has each of the ``rows`` once. ``rows``, ``filters`` and the rest still tell of the
    reading it came from.
    """

    _sheet = "messages"
