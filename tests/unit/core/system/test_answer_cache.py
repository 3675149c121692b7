"""The cache of answers: private, with their age, and shared between processes."""

from __future__ import annotations

import stat
from pathlib import Path

from twilio_widgets.core.system.answer_cache import AnswerCache, CachedAnswer


def test_an_answer_is_found_again_until_it_is_too_old(tmp_path: Path) -> None:
    AnswerCache(tmp_path / "a.sqlite").put("line", "+1", {"type": "mobile"}, at=100.0)
    cache = AnswerCache(tmp_path / "a.sqlite")

    found = {"+1": CachedAnswer(100.0, {"type": "mobile"})}
    assert cache.get("line", ["+1", "+2"], since=100.0) == found
    assert cache.get("line", ["+1"], since=100.1) == {}
    assert cache.get("name", ["+1"], since=0.0) == {}


def test_a_newer_answer_replaces_an_older_one(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "a.sqlite")
    cache.put("line", "+1", "landline", at=1.0)
    cache.put("line", "+1", "mobile", at=2.0)

    assert cache.get("line", ["+1"], since=0.0) == {"+1": CachedAnswer(2.0, "mobile")}


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "made" / "a.sqlite"
    AnswerCache(file).put("line", "+1", "mobile", at=1.0)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_question_is_claimed_by_one_at_a_time(tmp_path: Path) -> None:
    first, second = AnswerCache(tmp_path / "a.sqlite"), AnswerCache(tmp_path / "a.sqlite")

    assert first.claim("+1", 60)
    assert not second.claim("+1", 60)
    assert second.claim("+2", 60)
    first.release("+1")
    assert second.claim("+1", 60)


def test_the_claim_of_a_killed_process_ends_by_itself(tmp_path: Path) -> None:
    AnswerCache(tmp_path / "a.sqlite").claim("+1", seconds=-1)

    assert AnswerCache(tmp_path / "a.sqlite").claim("+1", 60)
