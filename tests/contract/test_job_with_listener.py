"""A job and a listener together: a status callback settles a message whose response was lost."""

from __future__ import annotations

import time

import twilio_widgets as tw
from twilio_widgets.listener.listener import Listener

WITHIN = 20.0


def test_a_callback_settles_a_lost_reply_when_the_log_cannot_be_read():
    with (
        tw.Sandbox(now="2026-01-15T12:00:00Z") as sandbox,
        tw.Twilio(sandbox.connection) as twilio,
        Listener(sandbox.connection) as listener,
    ):
        plan = tw.plan(
            [{"to": "+14155550101"}, {"to": "+14155550102"}],
            body="Hi",
            from_=sandbox.numbers[0],
            rate=None,
        )
        sandbox.fail(fault="reset_after_accept", method="POST")
        sandbox.fail(status=500, method="GET", times=1_000)
        job = plan.send(twilio, name="heard", undo_seconds=0, callbacks=listener)
        job.wait(WITHIN)
        sandbox.clock.advance("5 min")
        until = time.monotonic() + WITHIN
        while len(listener.messages) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        job.resume(callbacks=listener).wait(WITHIN)

        assert str(job.progress) == 'Job "heard" is finished: 2 accepted.'
        while set(listener.messages["status"]) != {"delivered"} and time.monotonic() < until:
            time.sleep(0.01)
        assert set(job.outcomes["message_status"]) == {"delivered"}, "the log was not asked"
        assert list(job.outcomes["settled_by"]) == ["callback", "answer"]
        assert sorted(job.outcomes["sid"]) == sorted(one.sid for one in sandbox.ledger)
