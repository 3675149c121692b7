"""A class as it is held: the server in one process, thirty students in thirty others."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.classroom.member import Classroom

SEATS = 30
STUDENT = """
import sys, time
import twilio_widgets as tw

url, place, seats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with tw.Sandbox.join(url, f"student {place}") as me, tw.Twilio(me.connection) as twilio:
    until = time.monotonic() + 100
    while len(me.classmates) < seats - 1 and time.monotonic() < until:
        time.sleep(0.3)
    neighbour = me.classmates[f"student {(place + 1) % seats}"]
    sent = twilio.messages.send(neighbour, from_=me.number, body=f"from {place}")
    assert twilio.messages.wait(sent.sid).status == "delivered"
    while time.monotonic() < until:
        inbound = [one.body for one in twilio.messages.iterate() if one.direction == "inbound"]
        if inbound:
            break
        time.sleep(0.3)
    assert inbound == [f"from {(place - 1) % seats}"], inbound
"""


@pytest.fixture
def classroom() -> Iterator[Classroom]:
    command = [sys.executable, "-m", "twilio_widgets.sandbox", "--class", str(SEATS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            lines = iter(server.stdout.readline, "")
            teacher = next(line for line in lines if line.startswith("Teacher:"))
            found = re.search(r'teach\("(.+)", "(.+)"\)', teacher)
            assert found is not None
            with Sandbox.teach(*found.groups()) as classroom:
                yield classroom
        finally:
            server.terminate()


@pytest.mark.long
def test_thirty_students_in_thirty_processes_text_their_neighbour(classroom):
    command = [sys.executable, "-c", STUDENT, classroom.url]
    students = [
        subprocess.Popen([*command, str(place), str(SEATS)], stderr=subprocess.PIPE, text=True)
        for place in range(SEATS)
    ]
    until = time.monotonic() + 110
    problems = []
    for student in students:
        with contextlib.suppress(subprocess.TimeoutExpired):
            student.wait(max(0.1, until - time.monotonic()))
        student.kill()
        problems.append((student.returncode, student.communicate()[1]))
    assert problems == [(0, "")] * SEATS
    assert sorted((one.body, one.status) for one in classroom.messages()) == sorted(
        (f"from {place}", "delivered") for place in range(SEATS)
    )
