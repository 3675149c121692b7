"""`show_versions` and the doctor: complete, quick, and without a secret."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import twilio_widgets as tw
from twilio_widgets.__main__ import main
from twilio_widgets.support import doctor
from twilio_widgets.support.clock_skew import clock_skew, skew_of
from twilio_widgets.support.guarded import guarded
from twilio_widgets.support.report_line import ReportLine, report_of
from twilio_widgets.support.versions import front_end

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SECRET = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr"


def named(name: str, **options: object) -> ReportLine:
    (found,) = [one for one in doctor.examine(**options) if one.name == name]
    return found


def test_show_versions_prints_python_the_package_and_its_dependencies(capsys):
    tw.show_versions()
    printed = capsys.readouterr().out
    for name in ("Python:", "twilio-widgets:", "httpx:", "pandas:", "ipykernel:", "Front end:"):
        assert name in printed


def test_the_doctor_prints_a_report_and_reaches_nothing(capsys):
    """The tests' audit hook fails a test that connects to another machine."""
    assert main(["doctor"]) == 0
    assert "What works here:" in capsys.readouterr().out


def test_no_secret_is_printed(capsys, monkeypatch):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", SECRET)
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:{SECRET}@proxy.test:8080")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    main(["doctor"])
    printed = capsys.readouterr().out
    assert "http://proxy.test:8080" in printed
    assert "the environment" in printed
    for word in (SECRET, "ada:", "0" * 32):
        assert word not in printed


def test_a_proxy_that_cannot_be_used_is_a_finding_without_its_address(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://:{SECRET}@:x")
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    found = [one for one in doctor.examine() if one.topic == "Network"]
    assert [one.verdict for one in found] == ["no"]
    assert SECRET not in found[0].text


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "openpyxl" else object())
    assert named("Excel files") == ReportLine(
        "What works here", "Excel files", "no: openpyxl is missing. pip install openpyxl", "no"
    )


def test_a_certificate_file_that_does_not_exist_is_a_problem(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    assert named("Certificates").verdict == "no"


def test_the_data_folder_is_shown_from_home_and_not_created(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(doctor, "user_folder", lambda: tmp_path / "share" / "twilio_widgets")
    assert named("Folder for jobs and events").text == "~/share/twilio_widgets"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("date", "text", "verdict"),
    [
        ("Thu, 15 Jan 2026 12:00:00 GMT", "agrees with Twilio's", "ok"),
        ("Thu, 15 Jan 2026 11:59:31 GMT", "agrees with Twilio's", "ok"),
        (
            "Thu, 15 Jan 2026 11:00:00 GMT",
            "3,600 s ahead of Twilio's; turn on the system's time synchronisation",
            "no",
        ),
        (
            "Thu, 15 Jan 2026 12:01:00 GMT",
            "60 s behind Twilio's; turn on the system's time synchronisation",
            "no",
        ),
        (None, "cannot be compared: the response has no date", "info"),
        ("yesterday", "cannot be compared: the response has no date", "info"),
    ],
)
def test_the_clock_is_compared_with_the_date_of_a_response(date, text, verdict):
    assert skew_of(date, NOON) == ReportLine("Network", "Clock", text, verdict)


def test_a_sandbox_on_a_socket_has_the_same_time():
    with tw.Sandbox() as sandbox:
        assert clock_skew(sandbox.url, 10.0) == [
            ReportLine("Network", "Clock", "agrees with Twilio's", "ok")
        ]


def test_a_server_that_never_answers_is_a_problem():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        (line,) = clock_skew(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.1)
    assert (line.name, line.verdict) == ("Twilio", "no")


def test_a_check_that_hangs_is_given_up():
    released = threading.Event()
    try:
        found = guarded("Network", lambda: [] * released.wait(60), 0.01)
    finally:
        released.set()
    assert found == [ReportLine("Network", "Problem", "no answer within 0.01 s", "no")]
    for thread in threading.enumerate():
        if thread.name == "twilio_widgets-doctor":
            thread.join(5)


def test_a_check_that_raises_is_a_line_without_the_text_of_the_error():
    def broken() -> list[ReportLine]:
        raise ValueError(SECRET)

    assert guarded("Data", broken, 5.0) == [
        ReportLine("Data", "Problem", "ValueError in this check", "no")
    ]


@pytest.mark.parametrize(
    ("environ", "sign"),
    [
        ({"COLAB_RELEASE_TAG": "1"}, "Google Colab"),
        ({"VSCODE_PID": "1"}, "VS Code"),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}, "JupyterHub"),
        ({}, "no front end known to us"),
    ],
)
def test_the_front_end_is_named_by_its_signs(environ, sign):
    assert front_end(environ)[-1].text == sign


def test_a_report_is_grouped_by_topic():
    findings = [
        ReportLine("A", "one", "yes", "ok"),
        ReportLine("A", "two", "no", "no"),
        ReportLine("B", "x", "y"),
    ]
    assert report_of(findings) == "A:\n  ok  one: yes\n  NO  two: no\nB:\n      x: y\n"
