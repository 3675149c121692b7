"""The media of a message, and the generated picture that each of them returns.

The binary is at the media URL without ``.json``. That URL redirects (302 and 307 are both reported;
the sandbox uses 307) to one that needs no credentials.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.dates import span_of
from twilio_widgets.sandbox.world.rows import rfc2822
from twilio_widgets.sandbox.world.sids import noise

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call
    from twilio_widgets.sandbox.world.log import Entry, MessageLog

_SIDE, _CELL = 10, 8


def list_media(call: Call) -> SandboxReply:
    """GET …/Messages/{Sid}/Media."""
    log, entry = _message(call)
    span = span_of(call.query, "DateCreated")
    created = log.row(entry, call.world.now()).created
    media = list(log.media(entry)) if span.includes(created) else []
    return call.page(
        "Media", "media_list", media, sid_of=str, as_json=lambda sid: _media(call, sid)
    )


def fetch_media(call: Call) -> SandboxReply:
    """GET …/Media/{Sid}: with an extension the resource, without one a redirect to the binary."""
    sid = _media_sid(call)
    if not call.request.path.endswith((".json", ".xml")):
        return SandboxReply(
            status=307, raw=b"", headers=(("Location", f"/sandbox-media/{sid}.png"),)
        )
    return SandboxReply(_media(call, sid), element="Media")


def delete_media(call: Call) -> SandboxReply:
    """DELETE …/Media/{Sid}."""
    sid = _media_sid(call)
    log, entry = _message(call)
    log.delete_media(entry, sid)
    return SandboxReply(status=204)


def picture(call: Call) -> SandboxReply:
    """Return the picture of a media SID; no credentials are needed."""
    sid = call.sids["Media"]
    if not sid.startswith("ME") or call.world.sids.number(sid) < 0:
        raise call.missing()
    return SandboxReply(
        raw=_png(noise(call.world.sids.number(sid))), headers=(("Content-Type", "image/png"),)
    )


def _message(call: Call) -> tuple[MessageLog, Entry]:
    log = call.world.logs[call.account.sid]
    entry = log.find(call.sids["Message"])
    if entry is None:
        raise call.missing()
    return log, entry


def _media_sid(call: Call) -> str:
    log, entry = _message(call)
    if call.sids["Media"] not in log.media(entry):
        raise call.missing()
    return call.sids["Media"]


def _media(call: Call, sid: str) -> dict[str, object]:
    log, entry = _message(call)
    created = rfc2822(log.row(entry, call.world.now()).created)
    parent = call.sids["Message"]
    return {
        "account_sid": call.account.sid,
        "content_type": log.media(entry)[sid],
        "date_created": created,
        "date_updated": created,
        "parent_sid": parent,
        "sid": sid,
        "uri": call.uri(f"Messages/{parent}/Media/{sid}.json"),
    }


def _png(chance: int) -> bytes:
    """Return a PNG of a small symmetric pattern in one colour, determined by `chance`."""
    colour = bytes(64 + (chance >> shift) % 160 for shift in (0, 8, 16))
    rows = b""
    for y in range(_SIDE):
        half = [chance >> (y * 5 + x) % 61 & 1 for x in range(_SIDE // 2)]
        cells = [colour if on else b"\xf4\xf4\xf4" for on in half + half[::-1]]
        rows += (b"\0" + b"".join(cell * _CELL for cell in cells)) * _CELL
    size = _SIDE * _CELL
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
