"""The steps of the events panel, and its words, without a widget or a listener."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twilio_widgets.listener.events.reading import Counts
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.events import state as steps
from twilio_widgets.panels.events import text as texts
from twilio_widgets.panels.events.snippets import events_snippet
from twilio_widgets.panels.events.state import (
    Advice,
    EventsState,
    IngressSummary,
    Other,
    PointedHere,
    Seen,
)

ME = Identity(
    account="AC12…cdef",
    kind="API key",
    source="typed in",
    place="United States (us1)",
    checks_webhooks=True,
    access=Access.of("API key"),
)
INGRESS = IngressSummary(leads_here=True, why="You named it.", exposes="The listener alone.")
NOTHING = Counts(events={}, duplicates={}, proofs={}, rejected={})
SOME = Counts(
    events={"inbound": 12, "status": 1_030},
    duplicates={"status": 2},
    proofs={"auth token": 1_042},
    rejected={"signature: scheme": 1},
)
AWAKE = steps.connected(EventsState(), ME, sandbox=False)
POINTED = PointedHere(sid="PN1", name="+1 4••• ••• 100", before="https://example.com/sms")
ASKED = steps.refused(steps.starting(AWAKE), 2, Other(pointed=(POINTED,)))
ON = steps.started(steps.starting(AWAKE), 2, "webhooks", INGRESS, found=False)


def test_a_source_starts_once_and_only_while_connected():
    assert steps.starting(EventsState()) == EventsState()
    starting = steps.starting(AWAKE)
    assert (starting.phase, starting.turn) == ("starting", AWAKE.turn + 1)
    assert steps.starting(starting) == starting
    assert steps.starting(ON) == ON


def test_results_of_an_earlier_source_are_ignored():
    stopped = steps.stopped(steps.stopping(ON), "")
    assert steps.started(stopped, ON.turn, "webhooks", INGRESS, found=False) == stopped
    assert steps.observed(stopped, ON.turn, Seen(counts=NOTHING)) == stopped
    assert steps.suggested(stopped, ON.turn, ("+1",)) == stopped
    assert steps.observation_failed(stopped, ON.turn, "gone") == stopped


def test_an_ended_listener_can_be_started_again_and_a_running_one_cannot():
    over = replace(ON, seen=Seen(counts=NOTHING, problem="Killed.", ended=True), note="Hi")
    assert steps.starting(over) == replace(
        ON,
        phase="starting",
        turn=ON.turn + 1,
        ingress=None,
        seen=None,
        note="",
        settings=True,
    )
    trouble = replace(ON, seen=Seen(counts=NOTHING, problem="Full."))
    assert steps.starting(trouble) == trouble
    assert [steps.is_over(state) for state in (over, trouble, ON, AWAKE)] == [True] + [False] * 3


def test_a_source_can_be_changed_while_it_runs_and_no_other_action_does():
    ended = replace(ON, seen=Seen(counts=NOTHING, problem="Killed.", ended=True))
    states = (ON, replace(ON, busy=True), ended, AWAKE, steps.starting(AWAKE))
    assert [steps.may_act(state) for state in states] == [True, False, False, False, False]


def test_after_the_listener_has_ended_the_hints_name_start_again():
    ended = replace(ON, seen=Seen(counts=NOTHING, problem="Killed.", ended=True))
    assert texts.point_hint_of(ended) == texts.simulate_hint_of(ended) == texts.ENDED
    assert texts.reply_hint_of(ended) == texts.public_url_hint_of(ended) == texts.ON_RESTART


def test_another_listener_is_stopped_only_after_the_user_agreed():
    assert (ASKED.phase, ASKED.other) == ("asking", Other(pointed=(POINTED,)))
    assert steps.starting(ASKED) == ASKED
    agreed = steps.agreed(ASKED)
    assert agreed == replace(ASKED, phase="starting", turn=ASKED.turn + 1)
    for never_asked in (AWAKE, agreed, ON, EventsState()):
        assert steps.agreed(never_asked) == never_asked
        assert steps.declined(never_asked) == never_asked
    assert steps.refused(ON, ON.turn - 1, Other()) == ON


@pytest.mark.parametrize(
    "after",
    [
        steps.declined(ASKED),
        steps.failed(steps.agreed(ASKED), "No."),
        steps.disconnected(ASKED),
        steps.stopped(replace(ON, phase="stopping", other=ASKED.other), ""),
        steps.connected(ASKED, ME, sandbox=False),
    ],
)
def test_an_agreement_is_valid_for_one_start_only(after):
    assert (after.phase, after.other) == ("idle", None)
    again = replace(after, identity=ME)
    assert steps.starting(again).other is None


def test_polling_can_be_selected_instead_of_stopping_another_listener():
    polling = steps.selected(ASKED, "polling")
    assert (polling.how, polling.phase, polling.other) == ("polling", "idle", None)


def test_the_question_lists_the_webhooks_to_restore_and_the_result_is_shown():
    assert texts.taking_over_of(AWAKE) == ""
    assert texts.pill_of(ASKED) == ("another listener is running", "warning")
    told = [
        texts.taking_over_of(replace(ASKED, other=Other(pointed=pointed)))
        for pointed in ((), (POINTED,), (POINTED, replace(POINTED, name="Team", before="not set")))
    ]
    here = "These get their previous webhook back until you connect them again:\n· +1 4••• ••• 100: https://example.com/sms"
    assert told == [
        f"{texts.TAKE_OVER}\nNo number or service uses it.",
        f"{texts.TAKE_OVER}\n{here}",
        f"{texts.TAKE_OVER}\n{here}\n· Team: not set",
    ]
    agreed = steps.agreed(ASKED)
    assert texts.pill_of(agreed) == ("taking over…", "idle")
    on = steps.started(agreed, agreed.turn, "webhooks", INGRESS, found=False)
    assert texts.note_of(on) == (
        "The other listener was stopped. This one uses its port and its events."
    )
    pointed = steps.action_finished(steps.action_started(on), "Pointed.")
    assert texts.note_of(pointed) == "Pointed."
    assert steps.action_finished(on, "Pointed.") == on, "its source was stopped meanwhile"
    found = replace(ON, found=True)
    assert texts.note_of(found).startswith("The listener was already running")
    trouble = Seen(counts=NOTHING, problem="Full.")
    assert texts.note_of(replace(found, seen=trouble)) == ""
    assert texts.note_of(replace(found, seen=trouble, note="Set.")) == "Set."
    assert texts.note_of(replace(ON, seen=replace(trouble, ended=True), note="Set.")) == ""


def test_the_code_takes_over_when_the_panel_does():
    access = Access.of("auth token")
    for state in (ASKED, steps.agreed(ASKED)):
        assert "tw.Listener(twilio, take_over=True)" in events_snippet(access, state).ours
    for state in (AWAKE, ON, steps.declined(ASKED), steps.selected(ASKED, "polling")):
        assert "take_over" not in events_snippet(access, state).ours


def test_stopping_keeps_the_rows_and_the_fields():
    before = replace(ON, reply="Thanks", public_url="https://example.com")
    troubled = steps.failed(before, "It has ended.", "body")
    stopped = steps.stopped(steps.stopping(troubled), "Put back.")
    assert stopped == replace(
        before,
        phase="idle",
        ingress=None,
        turn=before.turn + 1,
        note="Put back.",
        settings=True,
    )
    assert texts.pill_of(stopped) == ("stopped", "idle")


def test_another_account_keeps_only_the_fields():
    other = replace(ME, account="AC99…9999")
    before = replace(ON, reply="Thanks", seen=Seen(counts=SOME))
    assert steps.connected(before, other, sandbox=True) == EventsState(
        identity=other, sandbox=True, reply="Thanks", turn=before.turn + 1
    )


def test_the_settings_fold_once_the_listener_runs_and_unfold_when_they_are_needed():
    unreachable = replace(INGRESS, leads_here=False)
    starting = steps.starting(AWAKE)
    shut_out = steps.started(starting, 2, "webhooks", unreachable, found=False)
    assert [AWAKE.settings, ON.settings, shut_out.settings] == [True, False, True]
    assert steps.toggled_settings(ON).settings
    assert [steps.failed(ON, "No.", name).settings for name in ("reply", "point")] == [True, False]
    assert steps.stopped(steps.stopping(ON), "").settings


def test_webhooks_or_polling_is_fixed_while_a_source_runs():
    assert steps.selected(ON, "polling") == ON
    assert steps.selected(AWAKE, "carrier pigeon") == AWAKE
    assert steps.selected(AWAKE, "polling").how == "polling"
    assert steps.stopping(AWAKE) == AWAKE


@pytest.mark.parametrize(
    ("phase", "after"), [("starting", "idle"), ("stopping", "on"), ("on", "on")]
)
def test_a_failure_goes_back_to_a_phase_that_allows_a_retry(phase, after):
    failed = steps.failed(replace(ON, phase=phase, busy=True, note="ok"), "No.", "point")
    assert (failed.phase, failed.busy, failed.note) == (after, False, "")
    assert failed.problems == {"point": "No."}
    assert steps.typed(failed, "point", "+1").problems == {}
    assert steps.action_started(failed).problems == {}


@pytest.mark.parametrize(
    ("state", "pill"),
    [
        (EventsState(), ("not connected", "idle")),
        (AWAKE, ("not started", "idle")),
        (steps.starting(AWAKE), ("starting…", "idle")),
        (ON, ("listening", "good")),
        (replace(ON, how="polling", ingress=None), ("polling", "good")),
        (replace(ON, ingress=replace(INGRESS, leads_here=False)), ("not reachable", "warning")),
        (replace(ON, seen=Seen(counts=NOTHING, problem="Full.")), ("problem", "problem")),
        (replace(ON, seen=Seen(counts=NOTHING, problem="Closed.", ended=True)), ("ended", "idle")),
    ],
)
def test_the_pill_names_the_state(state, pill):
    assert texts.pill_of(state) == pill


def test_events_are_counted_by_kind_and_by_verdict():
    assert texts.chips_of(None) == []
    assert texts.chips_of(Seen(counts=NOTHING)) == []
    assert texts.chips_of(Seen(counts=SOME)) == [
        ["12 inbound", "none"],
        ["1,030 status", "none"],
        ["1,042 valid", "good"],
        ["1 rejected", "problem"],
        ["2 repeated", "none"],
    ]
    polled = replace(SOME, proofs={"poll": 1_042}, rejected={}, duplicates={})
    assert texts.chips_of(Seen(counts=polled))[-1] == ["1,042 polled", "none"]


def test_the_advice_has_the_latest_cause_its_fix_and_every_notice():
    advice = Advice(number=7, reason="Twilio signed https.", mend="State the address.")
    seen = Seen(counts=SOME, advice=advice, notices=("The disk is slow.",))
    assert texts.advice_of(replace(ON, seen=seen)) == (
        "1 request was rejected. The latest: Twilio signed https. State the address.\n"
        "The disk is slow.",
        "warning",
    )
    full = replace(seen, problem="The disk is full.")
    assert texts.advice_of(replace(ON, seen=full)) == ("The disk is full.", "problem")
    failed = steps.failed(replace(ON, seen=full), "It did not stop.")
    assert texts.advice_of(failed) == ("It did not stop.", "problem")
    quiet = replace(seen, advice=None)
    assert texts.advice_of(replace(ON, seen=quiet)) == ("The disk is slow.", "hint")


def test_a_connected_number_is_shown_with_its_previous_webhook():
    one = PointedHere(
        sid="PN1", name="+1 4••• ••• 100", before="https://example.com/sms", notes=("A note.",)
    )
    assert texts.pointed_of(one) == (
        "+1 4••• ••• 100 now sends its messages here (before: https://example.com/sms). A note."
    )
    closed = replace(ON, ingress=replace(INGRESS, leads_here=False))
    assert texts.point_hint_of(closed).startswith("Twilio cannot reach this listener")
    assert texts.point_hint_of(ON) == texts.POINT


def test_the_hint_shows_the_current_reply():
    assert texts.reply_hint_of(AWAKE) == texts.REPLY
    told = [
        texts.reply_hint_of(replace(ON, seen=Seen(counts=NOTHING, **how)))
        for how in (
            {},
            {"reply": "Thanks", "answered_by": "text"},
            {"answered_by": "here"},
            {"answered_by": "elsewhere"},
        )
    ]
    hidden = Seen(counts=NOTHING, reply="a\u202eb", answered_by="text")
    assert texts.reply_hint_of(replace(ON, seen=hidden)) == "Auto-reply: a⟨U+202E⟩b"
    assert told == [
        "Auto-reply is off.",
        "Auto-reply: Thanks",
        "A function of this kernel replies. Setting a text replaces it.",
        "A function set elsewhere replies. Setting a text replaces it.",
    ]


def test_a_saved_notebook_shows_the_account_the_state_and_the_counts():
    assert texts.summary_of(EventsState()) == (("State", "not connected"),)
    assert texts.summary_of(replace(ON, seen=Seen(counts=SOME))) == (
        ("Account", "AC12…cdef"),
        ("State", "listening"),
        ("Events", "12 inbound, 1,030 status, 1,042 valid, 1 rejected, 2 repeated"),
    )
