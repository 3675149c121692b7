"""What outlives a kernel lies in one folder, which only its owner may open."""

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pytest

from twilio_widgets import Twilio
from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.core.credentials.sources import Values, connect, surroundings
from twilio_widgets.core.system.folders import private_folder, user_folder
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.sandbox import Sandbox

ACCOUNT = "AC" + "1" * 32


def test_an_account_keeps_its_things_in_the_users_folder():
    assert AuthTokenConnection(ACCOUNT, "t" * 32).data_folder == user_folder()
    assert user_folder().name == "twilio_widgets"


def test_a_sandbox_deletes_its_folder_on_close():
    with Sandbox() as one, Sandbox() as other:
        folder = one.connection.data_folder
        assert folder == one.api_key_connection.data_folder != other.connection.data_folder
        (folder / "jobs").mkdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_folder_that_is_made_is_private_whatever_the_umask(tmp_path):
    tmp_path.chmod(0o755)
    before = os.umask(0)
    try:
        made = private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (made, made.parent, tmp_path)]
    assert modes == [0o700, 0o700, 0o755]


def test_only_a_sandbox_is_found_at_an_address_of_its_own():
    assert AuthTokenConnection(ACCOUNT, "t" * 32).root_url is None
    with Sandbox() as sandbox:
        assert sandbox.connection.root_url == sandbox.url


def test_a_user_without_a_home_gets_a_sentence_and_sandboxes_work(monkeypatch):
    """Such as a container's user ID without an entry in the user list."""

    def unknown(*_arguments: object) -> None:
        raise KeyError("no such user")

    pwd = pytest.importorskip("pwd")
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)

    with pytest.raises(ConfigurationError, match="set HOME or XDG_DATA_HOME, or give folder="):
        user_folder()
    with pytest.raises(ConfigurationError, match="No Twilio credentials found"):
        connect(within=replace(surroundings(), environment=Values(), ask=None, ask_secret=None))
    with Sandbox() as sandbox:
        assert Twilio(sandbox.connection).check()
