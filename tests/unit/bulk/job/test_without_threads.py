"""A job where there are no threads, as in JupyterLite."""

from __future__ import annotations

import asyncio
import sys
import threading

import twilio_widgets as tw


def test_a_job_runs_as_a_task_of_the_kernels_loop(sandbox, monkeypatch):
    plan = tw.plan([{"phone": "+14155550123"}], to="phone", body="x", from_=sandbox.numbers[0])
    threads = threading.active_count()

    async def cell(twilio):
        job = plan.send(twilio, name="lite", undo_seconds=0)
        assert threading.active_count() == threads
        while job.under_way:
            await asyncio.sleep(0.001)
        return job.wait()

    with tw.Twilio(sandbox.connection) as twilio:
        monkeypatch.setattr(sys, "platform", "emscripten")
        progress = asyncio.run(cell(twilio))
        monkeypatch.undo()
    assert (progress.state, progress.done) == ("finished", 1)
    assert [message.to for message in sandbox.ledger] == ["+14155550123"]
