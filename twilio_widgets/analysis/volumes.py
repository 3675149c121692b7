"""When messages are sent and received: `volume`."""

from __future__ import annotations

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import ChartSpec, Series
from twilio_widgets.analysis.dimensions import WEEKDAYS
from twilio_widgets.analysis.groups import bars, key_array, many, shown, whole
from twilio_widgets.analysis.prepared import PreparedLog, prepared_of


def volume(source: object, by: str = "hour", *, tz: str | None = None) -> AnswerFrame:
    """Count messages by hour and weekday, or by another time.

    Args:
        source: A message frame, an archive or a prepared log.
        by: ``"hour"`` for each hour of each weekday; ``"day"``, ``"month"``, ``"weekday"`` or
            another dimension of a prepared log.
        tz: The time zone of days and hours, as an IANA name; by default UTC.

    Returns:
        One row a group, also for hours without messages: `messages`, of them `sent` (outbound)
        and `received` (inbound). By hour there are 168 rows, with `weekday` and `hour`.

    Raises:
        ConfigurationError: A column is missing, or `by` or `tz` is not known.
    """
    log = prepared_of(source, tz, by, "weekday", "direction")
    if by == "hour":
        return _heat_map(log)
    sent, received = log.outbound.counts(by), log.received.counts(by)
    places = shown(log, by, sent + received)
    keys = [log.keys(by)[place] for place in places]
    columns = {
        by: key_array(by, keys),
        "messages": whole((sent + received)[places]),
        "sent": whole(sent[places]),
        "received": whole(received[places]),
    }
    series = [
        Series(name="sent", values=tuple(map(float, sent[places])), tone="neutral"),
        Series(name="received", values=tuple(map(float, received[places])), tone="other"),
    ]
    counted = f"{many(len(log), 'message')} by {by.replace('_', ' ')}, times in {log.tz}."
    spec = bars(f"Messages by {by}", by, keys, series, kind="stacked_bars", time_zone=log.tz)
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def _heat_map(log: PreparedLog) -> AnswerFrame:
    sent, received = (
        part.counts("weekday", "hour")[:7, :24] for part in (log.outbound, log.received)
    )
    both = sent + received
    columns = {
        "weekday": key_array("weekday", [day for day in WEEKDAYS for _ in range(24)]),
        "hour": whole(list(range(24)) * 7),
        "messages": whole(both.ravel()),
        "sent": whole(sent.ravel()),
        "received": whole(received.ravel()),
    }
    counted = f"{many(int(both.sum()), 'message')} by weekday and hour, times in {log.tz}."
    if undated := len(log) - int(both.sum()):
        counted += f" Left out, without a time: {undated:,}."
    spec = ChartSpec(
        kind="heat_map",
        title="Messages by weekday and hour",
        categories=tuple(f"{hour:02}" for hour in range(24)),
        keys=tuple(map(str, range(24))),
        series=tuple(
            Series(name=day, values=tuple(map(float, row)))
            for day, row in zip(WEEKDAYS, both, strict=True)
        ),
        category_title="Hour",
        value_title="Messages",
        time_zone=log.tz,
    )
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)
