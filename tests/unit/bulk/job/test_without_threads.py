"""A job where there are no threads, as in JupyterLite."""

from __future__ import annotations

import sys

import pytest

import twilio_widgets as tw


def test_a_job_is_refused_with_a_reason_and_sends_nothing(sandbox, monkeypatch):
    plan = tw.plan([{"phone": "+14155550123"}], to="phone", body="x", from_=sandbox.numbers[0])
    with tw.Twilio(sandbox.connection) as twilio:
        monkeypatch.setattr(sys, "platform", "emscripten")
        with pytest.raises(tw.errors.JobError, match="A job needs threads"):
            plan.send(twilio, name="lite")
        monkeypatch.undo()
    assert sandbox.ledger == ()
