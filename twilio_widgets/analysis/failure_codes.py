"""Why messages fail: `failures`, by error code, with who can fix each."""

from __future__ import annotations

import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import Series
from twilio_widgets.analysis.deliveries import RESULTS
from twilio_widgets.analysis.groups import bars, many, numbers, shown, text, whole
from twilio_widgets.analysis.prepared import prepared_of
from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.frames.schema import FLAG

_NO_CODE = "no error code was recorded"


def failures(source: object, *, tz: str | None = None) -> AnswerFrame:
    """Count failed messages by error code, and explain each code.

    A message has failed if its status is ``failed`` or ``undelivered``.

    Args:
        source: A message frame, an archive or a prepared log.
        tz: The time zone that the answer names; by default UTC.

    Returns:
        One row for each error code, the most frequent first: `error_code`, `messages`, `share` of
        all failures, the number of `recipients`, and from our catalogue its `meaning`, `who` can
        fix it, whether to `resend` (True: the same message can succeed later; False: only after a
        change; NA: it depends) and `advice`.

    Raises:
        ConfigurationError: A column is missing, or `tz` is not known.
    """
    log = prepared_of(source, tz, "error_code", "status", "contact")
    failed = log.outbound.where(status=RESULTS["failed"][1])
    totals = failed.counts("error_code")
    places = shown(failed, "error_code", totals)
    codes = [failed.keys("error_code")[place] for place in places]
    each = totals[places].tolist()
    pairs, _ = failed.combinations("error_code", "contact")
    recipients = dict.fromkeys(codes, 0)
    for code, _ in pairs:
        recipients[code] += 1
    known = [None if code is None else explain_error(code) for code in codes]
    columns = {
        "error_code": whole(codes),
        "messages": whole(each),
        "share": numbers(count / len(failed) for count in each),
        "recipients": whole(recipients.values()),
        "meaning": text(_NO_CODE if one is None else one.meaning for one in known),
        "who": text(None if one is None else one.who for one in known),
        "resend": pd.array([None if one is None else one.retry for one in known], FLAG),
        "advice": text(None if one is None else one.advice for one in known),
    }
    counted = (
        f"{len(failed):,} of {many(len(log.outbound), 'outbound message')} failed or could not be "
        "delivered."
    )
    series = [Series(name="failed", values=tuple(map(float, each)), tone="bad")]
    spec = bars("Failed messages by error code", "error_code", codes, series)
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)
