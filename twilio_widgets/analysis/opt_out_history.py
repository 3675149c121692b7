"""Who opted out, when and after which text: `opt_outs`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import Series
from twilio_widgets.analysis.deliveries import RESULTS
from twilio_widgets.analysis.dimensions import NO_TIME, Dimension, relabelled
from twilio_widgets.analysis.groups import bars, key_array, many, rates, shown, text, whole
from twilio_widgets.analysis.prepared import PreparedLog, prepared_of
from twilio_widgets.core.text.opt_out_keywords import keyword_of
from twilio_widgets.errors import ConfigurationError

_REFUSED = 21610
"""Twilio's error code of a message to a recipient who opted out."""

_LONGEST_LABEL = 40


def opt_outs(
    source: object, by: Literal["day", "text"] = "day", *, tz: str | None = None
) -> AnswerFrame:
    """Follow who opted out by keyword, and find messages sent to them afterwards.

    A recipient who wrote a stop word to one of your numbers has opted out until they write a start
    word to the same number. A message to them from any of your numbers counts as sent after an
    opt-out. The keywords are Twilio's default ones. An opt-out that the log does not contain, such
    as an older one, is not known.

    Args:
        source: A message frame, an archive or a prepared log.
        by: ``"day"``, or ``"text"`` for the last text before each opt-out.
        tz: The time zone of days, as an IANA name; by default UTC.

    Returns:
        By day: `opt_outs` and `opt_ins` (people), `opted_out` (people at the end of the day),
        `sent_after` (messages sent to people who had opted out) and `refused` (of these, the ones
        that Twilio refused with 21610). By text: `body`, the `messages` with it that were sent,
        the `opt_outs` it was the last text before, and `opt_out_rate` with its 95 % interval
        (Wilson).

    Raises:
        ConfigurationError: A column is missing, or `by` or `tz` is not known.
    """
    if by not in {"day", "text"}:
        raise ConfigurationError(f"by must be 'day' or 'text', not {by!r}.", field="by")
    log = prepared_of(source, tz, "day", "contact", "body", "error_code", "status")
    people = people_of(log)
    changes = find_changes(log, people)
    return _by_day(log, people, changes) if by == "day" else _by_text(log, people, changes)


def people_of(log: PreparedLog) -> Dimension:
    """Return the contacts without their channels: an opt-out counts for every channel."""
    return relabelled(log.dimension("contact"), lambda one: one.rpartition(":")[2])


def find_changes(log: PreparedLog, people: Dimension) -> pd.DataFrame:
    """Return every change of a person's state, in order.

    Returns:
        The columns `person`, `at`, `day` (codes), and `out`: whether the person has opted out now.
    """
    bodies = log.dimension("body")
    words = [keyword_of(key) if key else None for key in bodies.keys]
    meaning = np.array([-1 if word is None else int(word) for word in words], np.int8)
    keyword = meaning[bodies.codes]
    places = np.flatnonzero(log.inbound & (keyword >= 0) & (log.moments != NO_TIME))
    found = pd.DataFrame(
        {
            "at": log.moments[places],
            "person": people.codes[places].astype(np.int64),
            "sender": log.dimension("sender").codes[places],
            "stop": keyword[places] == 1,
            "day": log.dimension("day").codes[places].astype(np.int64),
        }
    ).sort_values(["at", "person", "stop", "sender"], kind="stable")
    stopped: dict[int, set[int]] = {}
    rows = []
    # Of two keywords in the same second the stop word counts: it is sorted after the start word.
    for at, person, sender, stop, day in found.itertuples(index=False, name=None):
        senders = stopped.setdefault(person, set())
        before = bool(senders)
        senders.add(sender) if stop else senders.discard(sender)
        if bool(senders) != before:
            rows.append((at, person, bool(senders), day))
    columns = list(zip(*rows, strict=True)) or [()] * 4
    kinds: tuple[Any, ...] = (np.int64, np.int64, np.bool_, np.int64)
    return pd.DataFrame(
        {
            name: np.array(values, kind)
            for name, values, kind in zip(
                ("at", "person", "out", "day"), columns, kinds, strict=True
            )
        }
    )


def _by_day(log: PreparedLog, people: Dimension, changes: pd.DataFrame) -> AnswerFrame:
    size = len(log.keys("day"))
    outs, ins = (
        np.bincount(changes["day"][changes["out"] == out], minlength=size) for out in (True, False)
    )
    late, refused = _sent_after(log, people, changes)
    after, not_sent = (
        np.bincount(log.dimension("day").codes[places], minlength=size)
        for places in (late, late[refused])
    )
    places = shown(log, "day", log.counts("day"))
    keys = [log.keys("day")[place] for place in places]
    columns = {
        "day": key_array("day", keys),
        "opt_outs": whole(outs[places]),
        "opt_ins": whole(ins[places]),
        "opted_out": whole(np.cumsum(outs - ins)[places]),
        "sent_after": whole((after - not_sent)[places]),
        "refused": whole(not_sent[places]),
    }
    counted = (
        f"{many(int(outs.sum()), 'opt-out')} and {many(int(ins.sum()), 'opt-in')} by keyword in "
        f"{many(len(log), 'message')}, days in {log.tz}. Messages after an opt-out: "
        f"{len(late) - int(refused.sum()):,} sent, {int(refused.sum()):,} refused."
    )
    series = [Series(name="opt-outs", values=tuple(map(float, outs[places])), tone="bad")]
    spec = bars("Opt-outs by day", "day", keys, series, time_zone=log.tz, value_title="People")
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def _sent_after(
    log: PreparedLog, people: Dimension, changes: pd.DataFrame
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the positions of messages to people who had opted out, and which Twilio refused."""
    affected = np.zeros(len(people), np.bool_)
    affected[changes["person"]] = True
    chosen = ~log.inbound & affected[people.codes] & (log.moments != NO_TIME)
    chosen &= ~log.mask({"status": ["canceled"]})
    places = np.flatnonzero(chosen)
    messages = pd.DataFrame(
        {
            "at": log.moments[places],
            "person": people.codes[places].astype(np.int64),
            "place": places,
        }
    ).sort_values("at", kind="stable")
    state = pd.merge_asof(messages, changes, on="at", by="person", allow_exact_matches=False)
    late = state["place"].to_numpy()[(state["out"] == True).to_numpy(bool)]  # noqa: E712  NA is not True
    return late, log.mask({"error_code": [_REFUSED]})[late]


def _by_text(log: PreparedLog, people: Dimension, changes: pd.DataFrame) -> AnswerFrame:
    bodies = log.dimension("body")
    reached = RESULTS["delivered"][1] | RESULTS["sent"][1]
    passing = log.mask({"status": reached}) & ~log.inbound
    sent = np.bincount(bodies.codes[passing], minlength=len(bodies))
    places = np.flatnonzero(passing & (log.moments != NO_TIME))
    texts = pd.DataFrame(
        {
            "at": log.moments[places],
            "person": people.codes[places].astype(np.int64),
            "text": bodies.codes[places].astype(np.int64),
        }
    ).sort_values(["at", "text"])
    before = pd.merge_asof(changes[changes["out"]], texts, on="at", by="person")["text"].dropna()
    outs = np.bincount(before.astype(np.int64), minlength=len(bodies))
    shown_texts = shown(log, "body", outs)
    keys = [bodies.keys[place] for place in shown_texts]
    pairs = list(zip(outs[shown_texts].tolist(), sent[shown_texts].tolist(), strict=True))
    columns = {
        "body": text(keys),
        "messages": whole(sent[shown_texts]),
        "opt_outs": whole(outs[shown_texts]),
        **rates(pairs, "opt_out_rate"),
    }
    total = int(changes["out"].sum())
    counted = f"{many(total, 'opt-out')} by keyword, by the last text before each."
    if unknown := total - len(before):
        counted += f" Without a text before: {unknown:,}."
    series = [Series(name="opt-outs", values=tuple(map(float, outs[shown_texts])), tone="bad")]
    spec = bars("Opt-outs by the last text before", "body", keys, series, value_title="People")
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)
