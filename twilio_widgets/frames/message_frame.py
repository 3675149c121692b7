"""`MessageFrame`: the message log as a pandas DataFrame."""

from __future__ import annotations

from twilio_widgets.frames.safe_frame import SafeFrame


class MessageFrame(SafeFrame):
    """Messages as a pandas DataFrame, displayed safely and with a note on rows it leaves out.

    It is a DataFrame in every respect, and so are the frames that pandas derives from it. The
    columns and dtypes are in `twilio_widgets.frames.schema`. Its display differs from pandas' in
    three ways: texts are never read as HTML or TeX, control characters never reach the terminal,
    and a line says if rows are not shown or were not read. ``frame.style`` is pandas' own and does
    *not* escape: do not use it on texts from other people. ``frames.read_csv`` and
    ``frames.read_excel`` read the files that ``to_csv`` and ``to_excel`` write.

    ``frame.attrs`` describes how the messages were read, in plain JSON values:

    - ``account``: the account SID, masked; ``filters``: the filters; ``fetched_at``: the time;
    - ``complete``: True if this frame certainly has everything the log had for the filters;
    - ``cut_off``: a sentence, if the log has more than was read;
    - ``rows_read``: messages read from Twilio; ``rows``: rows of the frame when it was built.

    pandas copies ``attrs`` to every derived frame (for `concat` and `merge`, if the inputs' are
    equal), whatever happened to its rows. ``complete`` therefore stays True only if a derived frame
    certainly has each of the ``rows`` once. ``rows``, ``filters`` and the other values still
    describe the original reading.
    """

    _sheet = "messages"
