"""`AnswerFrame`: says what was counted, draws itself, and leaves the notebook safely."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from tests.unit.analysis.logs import ADA, NOON, US, log, received, sent
from twilio_widgets import analysis
from twilio_widgets.analysis import AnswerFrame
from twilio_widgets.errors import ConfigurationError

FRAME = log(
    sent(body=f"=cmd Call {ADA} now"),
    received(body="STOP", date_sent=NOON + timedelta(minutes=1)),
    sent(status="failed", error_code=30003),
)
ANSWERS = {
    "delivery": analysis.delivery,
    "failures": analysis.failures,
    "latency": analysis.latency,
    "cost": analysis.cost,
    "segments": analysis.segments,
    "volume": analysis.volume,
    "senders": analysis.senders,
    "replies": lambda frame: analysis.replies(frame, by="contact"),
    "opt_outs": analysis.opt_outs,
    "opt_outs by text": lambda frame: analysis.opt_outs(frame, by="text"),
    "threads": analysis.threads,
    "compare": lambda frame: analysis.compare(frame, frame),
}
every_answer = pytest.mark.parametrize("ask", ANSWERS.values(), ids=ANSWERS)
"""Every function of `tw.analysis`, called with a frame alone."""


@every_answer
def test_an_answer_says_what_was_counted(ask):
    answer = ask(FRAME)

    assert type(answer) is AnswerFrame
    assert answer.counted.endswith(".")
    assert answer.attrs == {"counted": answer.counted, "time_zone": "UTC"}
    assert answer.counted in repr(answer)
    assert answer.counted.startswith(answer.chart_spec().note)


@every_answer
def test_a_derived_frame_is_a_table_without_a_chart(ask):
    answer = ask(FRAME)

    for derived in (answer[answer.columns[:1]], answer.head(1), answer.copy()):
        assert isinstance(derived, pd.DataFrame)
        assert not isinstance(derived, AnswerFrame)
        assert not hasattr(derived, "chart")


@every_answer
@pytest.mark.parametrize(
    "rows",
    [[], [sent()], [received()], [sent(status="queued", date_sent=None, price=None)]],
    ids=["none", "one sent", "one received", "one queued"],
)
def test_a_tiny_log_has_an_answer(ask, rows):
    answer = ask(log(*rows))

    assert answer.dtypes.tolist() == ask(FRAME).dtypes.tolist()
    assert repr(answer)
    assert answer.chart_spec().categories is not None


@every_answer
def test_an_answer_about_a_part_of_the_log_says_so(ask):
    frame = FRAME.copy()
    frame.attrs["cut_off"] = "3 messages read, the log has more"

    assert "3 messages read, the log has more" in repr(ask(frame))


@every_answer
def test_a_plain_frame_and_an_archive_have_the_same_answer(ask):
    class Archive:
        asked: tuple[str, ...] = ()

        def to_dataframe(self, *, columns=None):
            return FRAME[list(columns)]

    answer = ask(FRAME)

    pd.testing.assert_frame_equal(ask(pd.DataFrame(FRAME).astype(object)), answer)
    pd.testing.assert_frame_equal(ask(Archive()), answer)
    pd.testing.assert_frame_equal(ask(analysis.prepare(FRAME)), answer)


@every_answer
def test_a_missing_column_is_named(ask):
    with pytest.raises(ConfigurationError, match="This answer needs the column '"):
        ask(FRAME[["sid"]])


@every_answer
def test_a_masked_answer_and_its_chart_show_no_number(ask):
    masked = ask(FRAME).masked(bodies=True)

    shown = f"{masked.to_csv()}{masked.attrs}{masked.chart_spec()}"
    assert type(masked) is AnswerFrame
    for number in (ADA, US):
        assert number not in shown
    assert "cmd" not in shown
    assert masked.counted


def test_masking_hides_bodies_only_if_asked():
    answer = analysis.opt_outs(FRAME, by="text")

    assert answer.masked()["body"].tolist() == ["=cmd Call +1 2••• ••• 101 now"]
    assert answer.masked(bodies=True)["body"].tolist() == ["•••"]
    assert answer.masked(bodies=True).chart_spec().categories == ("•••",)
    assert answer.masked(bodies=True).chart_spec().keys == ()
    assert FRAME.masked(bodies=True)["body"].tolist() == ["•••", "•••", "•••"]


def test_an_exported_answer_runs_no_formula():
    answer = analysis.opt_outs(FRAME, by="text")
    file = BytesIO()

    answer.to_excel(file)

    assert "'=cmd" in answer.to_csv()
    sheet = openpyxl.load_workbook(file)["answer"]
    assert [(cell.data_type, cell.value) for cell in sheet["A"]][1] == (
        "s", f"=cmd Call {ADA} now"
    )  # fmt: skip


@every_answer
def test_an_answer_is_written_to_a_workbook_with_its_sentence(ask):
    answer, file = ask(FRAME), BytesIO()

    answer.to_excel(file)

    book = openpyxl.load_workbook(file)
    assert [cell.value for cell in book["answer"][1]] == list(answer.columns)
    assert book["answer"].max_row == len(answer) + 1
    assert book["about"]["B1"].value == f'"{answer.counted}"'


def test_a_workbook_shows_times_in_the_zone_of_the_answer():
    file = BytesIO()

    analysis.threads(FRAME, tz="Asia/Kolkata").to_excel(file)

    assert openpyxl.load_workbook(file)["answer"]["F2"].value == datetime(2026, 1, 15, 17, 30)  # noqa: DTZ001  Excel has no zones


def test_an_answer_survives_pickling():
    answer = analysis.failures(FRAME)

    again = pickle.loads(pickle.dumps(answer))

    pd.testing.assert_frame_equal(again, answer)
    assert again.chart_spec() == answer.chart_spec()
