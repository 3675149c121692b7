"""The files that keys and servers are found by, and the small rules of the extension."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.jupyter.announcement import ForwardingServer, announce, own_server
from twilio_widgets.listener.jupyter.headers import forwarded, original_proto
from twilio_widgets.listener.jupyter.held_file import HeldFile, read_held, sweep
from twilio_widgets.listener.jupyter.limits import RateLimit
from twilio_widgets.listener.jupyter.registry import ForwardTarget, register, target_of


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "runtime" / "twilio_widgets"


def names(where: Path) -> list[str]:
    return sorted(path.name for path in where.glob("*.json"))


def test_a_key_leads_to_its_port_until_it_is_closed(where):
    with register(4321, where=where) as way:
        key = way.key.reveal()
        found = target_of(key, where)
        assert found is not None
        assert (found.port, found.forward_token.reveal()) == (4321, way.forward_token.reveal())
        assert way.path == f"twilio-widgets/{key}"
        assert target_of(key[:-1] + "!", where) is None
    assert (target_of(key, where), names(where)) == (None, [])


def test_keys_are_unguessable_and_differ(where):
    with register(1, where=where) as one, register(1, where=where) as other:
        assert len(one.key.reveal()) == len(other.key.reveal()) == 32  # 192 bits
        assert one.key.reveal() != other.key.reveal()
        assert one.forward_token.reveal() != other.forward_token.reveal()


def test_the_folder_reveals_no_key_and_is_private(where):
    with register(4321, where=where) as way:
        key = way.key.reveal()
        assert names(where) == [hashlib.sha256(key.encode()).hexdigest() + ".json"]
        (file,) = where.glob("*.json")
        assert key not in file.read_text()
        assert (where.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
        assert key not in repr(way)
        assert str(way.key) == "••••••••"


def test_a_listener_that_is_found_again_keeps_its_key(where):
    with register(4321, where=where) as way:
        key, token = way.key, way.forward_token
        with pytest.raises(ListenerError, match="locked by another process"):
            register(4322, key=key, forward_token=token, where=where)
    with register(4322, key=key, forward_token=token, where=where):
        found = target_of(key.reveal(), where)
        assert found == ForwardTarget(4322, token)


@pytest.mark.parametrize("key", ["", "short", "a" * 31, "a" * 65, "../" + "a" * 32, "é" * 32])
def test_a_malformed_key_is_rejected(where, key):
    assert target_of(key, where) is None
    with pytest.raises(ConfigurationError):
        register(1, key=Secret(key), where=where)


@pytest.mark.parametrize("port", [0, -1, 65_536, "80", None])
def test_a_port_that_is_none_is_refused(where, port):
    with pytest.raises(ConfigurationError, match="from 1 to 65535"):
        register(port, where=where)


HOLD = """
import pathlib, sys
from twilio_widgets.listener.jupyter.registry import register
print(register(4321, where=pathlib.Path(sys.argv[1])).key.reveal(), flush=True)
sys.stdin.read()
"""


def test_a_key_ends_with_its_process_however_that_ends(where):
    command = [sys.executable, "-c", HOLD, str(where)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        key = process.stdout.readline().strip()
        found = target_of(key, where)
        assert found is not None
        assert found.port == 4321
        process.kill()
    assert target_of(key, where) is None
    assert len(names(where)) == 1  # what it left behind goes with the next one
    with register(1, where=where):
        assert len(names(where)) == 1
    assert names(where) == []


def tampered(where: Path, how: str) -> Path:
    """Return a file that another user could have created or modified."""
    path = where / "a.json"
    if how == "fifo":
        os.mkfifo(path, 0o600)
    elif how == "folder":
        path.mkdir()
    else:
        path.write_text('{"form": 1}')
        path.chmod(int(how, 8))
    return path


def test_a_link_to_a_file_is_not_followed(where):
    file = HeldFile(where / "b.json", {"form": 1})
    (where / "a.json").symlink_to(where / "b.json")
    assert read_held(where / "b.json") == {"form": 1}
    assert read_held(where / "a.json") is None
    file.close()


@pytest.mark.parametrize("how", ["fifo", "folder", "604", "620", "600"])
def test_a_file_that_is_not_private_or_not_locked_is_ignored(where, how):
    where.mkdir(parents=True, mode=0o700)
    assert read_held(tampered(where, how)) is None


@pytest.mark.parametrize("mode", [0o750, 0o707, 0o777])
def test_a_folder_that_others_can_use_is_not_used(where, mode):
    where.mkdir(parents=True)
    where.chmod(mode)
    with pytest.raises(ListenerError, match="accessible to other users"):
        register(1, where=where)


def test_a_file_in_a_folder_that_others_can_write_is_not_trusted(where):
    with register(1, where=where) as way:
        where.chmod(0o755)
        assert target_of(way.key.reveal(), where) is None
        where.chmod(0o700)
        assert target_of(way.key.reveal(), where) is not None


def test_a_file_of_another_user_is_ignored(where, monkeypatch):
    with register(1, where=where) as way:
        monkeypatch.setattr(os, "getuid", lambda: 54_321)
        assert target_of(way.key.reveal(), where) is None


@pytest.mark.parametrize(
    "content",
    [{"form": 2, "port": 1, "token": "t"}, {"form": 1}, {"form": 1, "port": 0, "token": "t"},
     {"form": 1, "port": "80", "token": "t"}, {"form": 1, "port": 80, "token": ""}],
)  # fmt: skip
def test_a_file_that_says_something_else_leads_nowhere(where, content):
    key = "k" * 32
    file = HeldFile(where / f"{hashlib.sha256(key.encode()).hexdigest()}.json", content)
    assert target_of(key, where) is None
    file.close()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"form": 1, "x": "' + "x" * 5000 + '"}'])
def test_a_file_that_is_unreadable_leads_nowhere(where, text):
    file = HeldFile(where / "a.json", {})
    (where / "a.json").write_text(text)
    assert read_held(where / "a.json") is None
    file.close()


def test_sweeping_deletes_only_unlocked_files(where):
    sweep(where)  # nothing there is nothing to do
    with register(1, where=where) as way:
        (where / "left.json").write_text("{}")
        sweep(where)
        assert names(where) == [hashlib.sha256(way.key.reveal().encode()).hexdigest() + ".json"]


def test_registering_needs_no_jupyter_server():
    code = (
        "import sys\n"
        "for name in ('jupyter_server', 'tornado', 'notebook'): sys.modules[name] = None\n"
        "import twilio_widgets.listener.jupyter.registry\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_jupyter_the_shared_folder_is_refused_with_advice(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyter_core.paths", None)
    with pytest.raises(ConfigurationError, match="Jupyter is not installed"):
        register(1)


# The server a kernel belongs to


def test_a_server_is_found_by_the_kernels_it_started_while_it_runs(where):
    file = announce("/user/xyz/", where)
    ours = {"JPY_PARENT_PID": str(os.getpid())}
    assert own_server(where, ours) == ForwardingServer("/user/xyz/")
    for other in ({}, {"JPY_PARENT_PID": "x"}, {"JPY_PARENT_PID": "1"}, {"JPY_PARENT_PID": "-1"}):
        assert own_server(where, other) is None
    file.close()
    assert own_server(where, ours) is None


# Headers and rates


def test_the_first_forwarded_scheme_counts():
    assert original_proto("https,http", "http") == "https"
    assert original_proto("", "http") == "http"
    assert original_proto("javascript", "https") == "https"


def test_headers_named_by_connection_are_dropped_with_it():
    given = [("Connection", "close, X-Hop"), ("X-Hop", "1"), ("X-Twilio-Signature", "s")]
    assert forwarded(given, [("X-Original-Host", "h")]) == [
        ("X-Twilio-Signature", "s"),
        ("X-Original-Host", "h"),
    ]


def test_a_key_has_its_burst_and_then_its_rate():
    now = 0.0
    rate = RateLimit(lambda: now, per_second=2, burst=3)
    assert [rate.wait("a") for _ in range(4)] == [0, 0, 0, 1]
    assert rate.wait("b") == 0
    now = 0.5
    assert [rate.wait("a") for _ in range(2)] == [0, 1]
    now = 60.0
    assert [rate.wait("a") for _ in range(4)] == [0, 0, 0, 1]


def test_the_rates_of_many_keys_take_no_more_room_than_a_thousand():
    rate = RateLimit(lambda: 0.0, burst=1)
    assert all(rate.wait(str(key)) == 0 for key in range(5_000))
    assert len(rate._buckets) == 1_000
    assert rate.wait("4999") == 1


def test_the_file_says_no_more_than_it_must(where):
    with register(4321, where=where) as way:
        (file,) = where.glob("*.json")
        assert json.loads(file.read_text()) == {
            "form": 1,
            "port": 4321,
            "token": way.forward_token.reveal(),
        }
