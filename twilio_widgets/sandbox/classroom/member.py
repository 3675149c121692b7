"""The ends of a class in other kernels: a student's, and the teacher's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.sandbox.classroom.http import ClassUrl
from twilio_widgets.sandbox.connection import SandboxConnection
from twilio_widgets.sandbox.http.forwarding import SandboxForwarder
from twilio_widgets.sandbox.world.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMessage:
    """One message that a member of the class sent, at the moment it was read."""

    sid: str
    at: datetime
    """When it was created (aware, UTC)."""
    from_: str
    from_name: str
    """The name of the student whose account sent it, or ``"teacher"``."""
    to: str
    to_name: str
    """The recipient's name in the class; empty for any other number."""
    body: str
    status: str
    error_code: int | None


class ClassMember(ClosesOnExit):
    """One place in a class: a number and a connection of your own. Made by `Sandbox.join`.

    ``Twilio(member.connection)`` and every panel work with it as with any other connection.

    Args:
        url: The root URL of the class.
        seat: The class's reply to joining.
    """

    def __init__(self, url: ClassUrl, seat: dict[str, Any]) -> None:
        self._url = url
        self.name = str(seat["name"])
        """Your name in the class."""
        self.number = str(seat["number"])
        """Your number: the sender of your messages, where others text you."""
        self.world_id = str(seat["world_id"])
        """The random ID of the class's sandbox."""
        self.clock = Clock()
        """The clock of this computer."""
        self.wire = SandboxForwarder(str(url))
        """The httpx transport to the class."""
        self.list_lag = 0.0
        """Seconds before a new message appears in lists."""
        self._folder: TemporaryDirectory[str] | None = None
        self._connection = SandboxConnection(
            self, str(seat["account_sid"]), Secret(str(seat["auth_token"]))
        )

    @property
    def connection(self) -> SandboxConnection:
        """The connection with your own credentials; ``Twilio`` needs nothing else."""
        return self._connection

    @property
    def classmates(self) -> dict[str, str]:
        """The numbers of the other students by name, as of now."""
        students = self._url.get("roster", {}, self._connection.credentials)["students"]
        return {name: number for name, number in students if number != self.number}

    @property
    def url(self) -> str:
        """The root URL of the class."""
        return str(self._url)

    @property
    def data_folder(self) -> Path:
        """A temporary folder for jobs and events; it is deleted by `close`."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="twilio_widgets-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def close(self) -> None:
        """Delete the temporary folder. The place in the class stays yours."""
        if self._folder is not None:
            self._folder.cleanup()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}, {self.number}>"


class Classroom(ClassMember):
    """The teacher's end of a class: see every message, plan faults. Made by `Sandbox.teach`."""

    @property
    def students(self) -> dict[str, str]:
        """The students' numbers by name, as of now."""
        return self.classmates

    def messages(self) -> list[ClassMessage]:
        """Return every message that a member of the class sent, oldest first."""
        return self.changes(0.0)[0]

    def changes(self, since: float) -> tuple[list[ClassMessage], float]:
        """Return the messages that are new or have another status, and the time of this answer.

        Args:
            since: The time that the last call returned (seconds since 1970); 0 for all messages.
        """
        reply = self._url.get("log", {"since": repr(since)}, self._connection.credentials)
        return [_message(row) for row in reply["messages"]], float(reply["now"])

    def fail(
        self,
        code: int | None = None,
        *,
        student: str | None = None,
        status: int | None = None,
        fault: str | None = None,
        times: int = 1,
        method: str | None = None,
        path: str | None = None,
        retry_after: float | None = None,
        delay: float | None = None,
    ) -> None:
        """Make the next requests fail: those of one student, or of the whole class.

        Args:
            code: As in `Sandbox.fail`, like all other arguments.
            student: The name of the student; None for whoever sends the next requests.
            status: An HTTP status.
            fault: The connection fault.
            times: The number of requests that fail.
            method: Fail only requests with this HTTP method.
            path: Fail only requests whose path contains this text.
            retry_after: Seconds for a ``Retry-After`` header.
            delay: Seconds, for faults that take time.

        Raises:
            SandboxError: No student has this name, no fault is given, or the arguments contradict
                each other.
        """
        payload = {
            "code": code, "student": student, "status": status, "kind": fault, "times": times,
            "method": method, "path": path, "retry_after": retry_after, "delay": delay,
        }  # fmt: skip
        self._url.post("fail", payload, self._connection.credentials)

    def release(self, name: str) -> None:
        """Let another kernel join with a student's name, for example after theirs has restarted.

        The number and the messages stay. The old credentials stop working.

        Raises:
            SandboxError: No student has this name.
        """
        self._url.post("release", {"name": name}, self._connection.credentials)


def join(url: str, name: str, code: str | None) -> ClassMember:
    """Take a place in a class; see `Sandbox.join`."""
    root = ClassUrl(url)
    payload = {"name": name, "code": code, "kernel": _kernel_key()}
    return ClassMember(root, root.post("join", payload))


def teach(url: str, code: str) -> Classroom:
    """Open the teacher's end of a class; see `Sandbox.teach`."""
    root = ClassUrl(url)
    return Classroom(root, root.post("teach", {"code": code}))


@cache
def _kernel_key() -> str:
    """Return the key that lets this kernel, and no other one, join with the same name again."""
    return secrets.token_hex(16)


def _message(row: dict[str, Any]) -> ClassMessage:
    return ClassMessage(
        sid=row["sid"],
        at=datetime.fromtimestamp(row["at"], UTC),
        from_=row["from"],
        from_name=row["from_name"],
        to=row["to"],
        to_name=row["to_name"],
        body=row["body"],
        status=row["status"],
        error_code=row["error_code"],
    )
