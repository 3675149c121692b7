"""What is sent again, because a person says so, and what never is."""

from __future__ import annotations

import pytest

from tests.jobs import Plan, Planned, begun, statuses
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.outcomes import positions_of
from twilio_widgets.errors import (
    ConfigurationError,
    JobError,
)


def test_a_message_that_failed_later_can_be_sent_again_and_a_delivered_one_cannot(sandbox, twilio):
    rows = [  # the last two digits of a number in fiction decide its fate in the sandbox
        Planned(n, f"+141555501{n}", {"from_": sandbox.numbers[0], "body": f"{n}"})
        for n in range(89, 99)
    ]
    job = Job.start(Plan(rows), twilio, name="fates", rate=None, undo_seconds=0)
    job.wait(20)
    sandbox.clock.advance("1 day")
    job.refresh()
    came = dict(zip(job.outcomes["row"], job.outcomes["message_status"], strict=True))
    lost = [n for n, status in came.items() if status in {"failed", "undelivered"}]
    delivered = next(n for n, status in came.items() if status == "delivered")
    assert lost == [90, 91, 92, 93, 94, 95, 97]
    assert list(job.resendable["row"]) == lost
    with pytest.raises(JobError, match=f"Row {delivered} is not sent again"):
        job.resend([*lost, delivered])
    job.resend(job.resendable).wait(20)
    assert len(sandbox.ledger) == 10 + len(lost)


NOT_ROWS = ["12", b"12", [True, False], [1.7], {1: 2}, [None], ["1"], None, True, [float("nan")]]


@pytest.mark.parametrize("rows", NOT_ROWS, ids=repr)
def test_an_invalid_row_number_resends_nothing(rows):
    with pytest.raises(ConfigurationError) as refused:
        positions_of(rows)
    assert str(refused.value).startswith("rows must be row numbers of the plan")


def test_a_mask_chooses_lines_of_a_frame_and_names_no_row(twilio):
    job = begun(twilio)
    job.wait(20)
    mask = job.outcomes["status"] == "accepted"
    with pytest.raises(ConfigurationError):
        positions_of(mask)
    assert positions_of(job.outcomes[mask]) == [0, 1, 2, 3, 4]
    assert positions_of(job.outcomes["row"].to_numpy(dtype=float)) == [0, 1, 2, 3, 4]
    assert positions_of(3) == [3]


def test_a_row_that_may_have_been_sent_before_is_not_among_the_resendable(sandbox, twilio):
    sandbox.fail(status=503)
    job = begun(twilio, rows=1)
    assert job.wait(20).unknown == 1
    sandbox.fail(code=21614)
    job.resend([0]).wait(20)
    assert statuses(job) == {"rejected": 1}
    assert list(job.failed["row"]) == [0]
    assert list(job.resendable["row"]) == []


def test_no_row_of_an_opted_out_recipient_is_resent(sandbox, twilio):
    to, sender = "+14155551000", sandbox.numbers[0]
    rows = [Planned(n, to, {"from_": sender, "body": f"{n}"}) for n in range(2)]
    sandbox.fail(code=21614)
    sandbox.fail(code=21610)
    job = Job.start(Plan(rows), twilio, name="twice", undo_seconds=0)
    job.wait(20)
    assert list(job.failed["error_code"]) == [21614, 21610]
    assert list(job.resendable["row"]) == []
    with pytest.raises(JobError, match="Row 0 is not sent again: its recipient has opted out"):
        job.resend([0])
