"""Progress of a read: a bar from the second page on, a callback, or none."""

from __future__ import annotations

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.progress import ReadProgress


@pytest.fixture(scope="module")
def twilio():
    with Sandbox(messages=2500) as sandbox:
        yield Twilio(sandbox.connection)


def test_one_page_shows_no_bar(twilio, capsys):
    twilio.messages.list(limit=1000)
    assert capsys.readouterr() == ("", "")


def test_a_long_read_shows_rows_and_pages(twilio, capsys):
    twilio.messages.list(limit=None)
    shown = capsys.readouterr()
    assert "messages" in shown.err
    assert shown.out == ""


def test_the_bars_total_is_the_limit(twilio, capsys):
    twilio.messages.list(limit=2400)
    assert "/2400" in capsys.readouterr().err


def test_progress_false_shows_no_bar(twilio, capsys):
    twilio.messages.list(limit=None, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_callback_is_called_after_each_page(twilio):
    told: list[ReadProgress] = []
    twilio.messages.list(limit=None, progress=told.append)
    assert told == [
        ReadProgress(rows=1000, pages=1, limit=None),
        ReadProgress(rows=2000, pages=2, limit=None),
        ReadProgress(rows=2500, pages=3, limit=None),
    ]
