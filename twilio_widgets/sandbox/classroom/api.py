"""The class's own endpoints, below ``/class/`` on its socket: JSON in, JSON out.

=======================  ========  ===============================================================
``POST /class/join``     everyone  a name (and the code) → an account, its auth token and number
``POST /class/teach``    everyone  the teacher's code → the teacher's account
``GET /class/roster``    members   names and numbers
``GET /class/log``       teacher   the messages of the class that changed since a moment
``POST /class/fail``     teacher   plan a fault for one student or for all
``POST /class/release``  teacher   let another kernel join with a name
=======================  ========  ===============================================================

Members identify themselves as in Twilio's API: with their account SID and auth token.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox.api.routes import authenticated
from twilio_widgets.sandbox.api.wire import Response, header_pairs
from twilio_widgets.sandbox.http.asgi import PREFIX
from twilio_widgets.sandbox.http.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from twilio_widgets.sandbox.api.wire import SandboxRequest
    from twilio_widgets.sandbox.classroom.roster import Roster
    from twilio_widgets.sandbox.http.faults import Faults
    from twilio_widgets.sandbox.world.messages import StoredMessage
    from twilio_widgets.sandbox.world.resources import Account

Payload = dict[str, Any]


class ClassApi:
    """Answers the requests below ``/class/``.

    Args:
        roster: The students.
        faults: The planned faults of the world.
    """

    def __init__(self, roster: Roster, faults: Faults) -> None:
        self._roster, self._faults = roster, faults
        self._world = roster.world
        self._open: dict[str, Callable[[Payload], Payload]] = {
            "POST join": self._join,
            "POST teach": self._teach,
        }
        self._for_members: dict[str, Callable[[Payload], Payload]] = {"GET roster": self._names}
        self._for_teacher: dict[str, Callable[[Payload], Payload]] = {
            "GET log": self._log,
            "POST fail": self._fail,
            "POST release": self._release,
        }

    def answer(self, request: SandboxRequest) -> Response:
        """Return the response to one request."""
        name = f"{request.method} {request.path.removeprefix(PREFIX)}"
        with self._world.lock:
            handler = self._handler(name, self._account(request))
            if handler is None:
                return _json(403, {"problem": "This needs the credentials of the class."})
            try:
                return _json(200, handler(_payload(request)))
            except SandboxError as error:
                return _json(400, {"problem": str(error)})
            except (KeyError, TypeError, ValueError, AttributeError):
                return _json(400, {"problem": "The request is malformed."})

    def _handler(self, name: str, account: Account | None) -> Callable[[Payload], Payload] | None:
        allowed = dict(self._open)
        if account is not None:
            allowed |= self._for_members
        if account is self._world.account:
            allowed |= self._for_teacher
        return allowed.get(name)

    def _account(self, request: SandboxRequest) -> Account | None:
        found = authenticated(self._world, request)
        return None if found is None or found[1] is not None else found[0]

    def _join(self, given: Payload) -> Payload:
        seat = self._roster.join(
            str(given["name"]), str(given.get("code") or ""), str(given["kernel"])
        )
        return self._member(seat.account, seat.name, seat.number)

    def _teach(self, given: Payload) -> Payload:
        if not self._roster.is_teacher(str(given["code"])):
            raise SandboxError("This is not the teacher's code of this class.")
        account = self._world.account
        return self._member(account, "teacher", self._world.senders_of(account.sid)[0])

    def _member(self, account: Account, name: str, number: str) -> Payload:
        return {
            "account_sid": account.sid,
            "auth_token": account.auth_token,
            "name": name,
            "number": number,
            "world_id": self._world.id,
        }

    def _names(self, _given: Payload) -> Payload:
        return {"students": [[seat.name, seat.number] for seat in self._roster]}

    def _log(self, given: Payload) -> Payload:
        now, since = self._world.now(), float(given.get("since") or 0.0)
        changed = (message for message in self._sent() if _changed(message, since, now))
        rows = [self._row(message, now) for message in changed]
        return {"now": now, "messages": sorted(rows, key=lambda row: (row["at"], row["sid"]))}

    def _sent(self) -> Iterator[StoredMessage]:
        """Yield what the members sent. Its inbound copies are left out: they say the same."""
        for log in self._world.logs.values():
            yield from (one for one in log.stored() if one.direction != "inbound")

    def _row(self, message: StoredMessage, now: float) -> Payload:
        step = message.step(now)
        return {
            "sid": message.sid,
            "at": message.created,
            "from": message.sender or "",
            # Of the account that sent it: a refused request may name the number of another student.
            "from_name": self._roster.name_of(message.account_sid),
            "to": message.to,
            "to_name": self._roster.name_at(message.to),
            "body": message.body,
            "status": step.status,
            "error_code": step.error_code,
        }

    def _fail(self, given: Payload) -> Payload:
        times, student = int(given.pop("times")), given.pop("student")
        if not 1 <= times <= 1_000:
            raise SandboxError(f"times={times} is out of range: 1 to 1000.")
        account = None if student is None else self._roster.seat(student).account.sid
        self._faults.add(fault_of(**given, account=account), times)
        return {}

    def _release(self, given: Payload) -> Payload:
        self._roster.release(str(given["name"]))
        return {}


def _changed(message: StoredMessage, since: float, now: float) -> bool:
    return since < message.created <= now or any(since < step.at <= now for step in message.steps)


def _payload(request: SandboxRequest) -> Payload:
    if request.method == "GET":
        return dict(request.query.pairs)
    payload = json.loads(request.body or b"{}")
    if not isinstance(payload, dict):
        raise TypeError
    return payload


def _json(status: int, payload: Mapping[str, object]) -> Response:
    body = json.dumps(payload).encode()
    return Response(status, header_pairs([("Content-Type", "application/json")], body), body)
