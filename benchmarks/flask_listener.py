"""The webhook most people would write, written well: Flask, Twilio's validator, SQLite.

The peer of `bench_listener.py`: it checks the signature, makes the event durable (WAL, FULL, one
commit each, as it must be before the answer), counts a duplicate as one event, and answers.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

app = Flask(__name__)
validator = RequestValidator(os.environ["PEER_TOKEN"])
own = threading.local()


def database() -> sqlite3.Connection:
    """Return this thread's connection."""
    if not hasattr(own, "db"):
        own.db = sqlite3.connect(os.environ["PEER_STORE"], timeout=10, isolation_level=None)
        own.db.execute("pragma journal_mode = wal")
        own.db.execute("pragma synchronous = full")
        own.db.execute(
            "create table if not exists event (key text primary key, sid text, parameters text)"
        )
    return own.db


@app.post("/status")
def status() -> Response:
    """Take a status callback."""
    said = request.form
    if not validator.validate(request.url, said, request.headers.get("X-Twilio-Signature", "")):
        abort(403)
    key = f"{said['MessageSid']} {said['MessageStatus']}"
    database().execute(
        "insert into event values (?, ?, ?) on conflict do nothing",
        (key, said["MessageSid"], json.dumps(said.to_dict(flat=False))),
    )
    return Response(status=200)
