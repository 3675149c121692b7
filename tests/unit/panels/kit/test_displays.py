"""Values of the core as static HTML in a notebook, and plain in a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape

import pytest
from IPython.core.formatters import HTMLFormatter

from twilio_widgets.bulk.planning.plan import plan
from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.core.flows.account import AccountCheck
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.text.segments import segments
from twilio_widgets.panels.kit.displays import DISPLAYS, register
from twilio_widgets.signature.verdict import Verdict

HOSTILE = '<img src=x onerror="alert(1)"> $x$'


def shown(value: object) -> str:
    """Return the HTML that IPython displays."""
    formatter = HTMLFormatter()
    register(formatter)
    found = formatter(value)
    assert found is not None
    return found


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html))).strip()


CHECK = AccountCheck(
    ok=True,
    account="AC0f…9a41",
    kind="API key",
    source="the environment",
    can_validate_webhooks=False,
    text="Connected as AC0f…9a41 by API key.",
)
VALUES = [
    (segments("Hello"), "1 segment · GSM-7 · 5 of 160 units used H e l l o"),
    (Verdict(valid=True, reason="Twilio signed it.", scheme="auth token"),
     "Signature valid Twilio signed it. Key: auth token"),
    (Verdict(valid=False, reason="The scheme differs.", cause="scheme", mend="Use https."),
     "Signature not valid The scheme differs. Cause: scheme What to do: Use https."),
    (CHECK, "Connected Connected as AC0f…9a41 by API key. Account: AC0f…9a41 Kind: API key "
     "Source: the environment Webhook signatures: cannot"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_is_displayed_as_sentences(value: object, text: str) -> None:
    assert text_of(shown(value)).replace(" ", "") == text.replace(" ", "")


def test_an_explanation_names_who_can_fix_it_and_links_to_twilio() -> None:
    known = explain_error(30003)
    html = shown(known)

    assert f'<a href="{known.url}"' in html
    assert known.advice in text_of(html)
    assert "Who can fix it" in text_of(html)


def test_a_policy_is_its_rules() -> None:
    policy = Policy(max_recipients=100, dry_run=True)

    assert [rule in text_of(shown(policy)) for rule in policy.explain()] == [True] * len(
        policy.explain()
    )


def test_the_characters_that_require_ucs2_are_marked_in_their_bubble() -> None:
    html = shown(segments("a" * 66 + "“ “ and so on"))

    assert html.count("border-radius: 10px") == 2, "a bubble for each segment"
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == ["“", "“"]
    assert "UCS-2 because of" in html


@pytest.mark.parametrize(
    "value",
    [segments(HOSTILE), Verdict(valid=False, reason=HOSTILE, mend=HOSTILE)],
    ids=["segments", "verdict"],
)
def test_no_text_is_read_as_html_or_tex(value: object) -> None:
    html = shown(value)

    assert "<img" not in html
    assert "$x$" not in html


def test_a_plan_shows_its_summary_its_first_messages_and_its_problems() -> None:
    rows = [{"to": "+14155550101", "name": "Ada"}, {"to": "none", "name": "Bob"}]
    made = plan(rows, body="Hi {name}", from_="+15005550006", rate=None)

    assert text_of(shown(made)).replace("$ ", "$") == (
        "1 of 2 rows is ready: 1 segment, about $0.01 (an estimate; prices of 2026-11-09). "
        "1 row cannot be sent: 1 invalid recipient. See plan.rejected. "
        "Row To Message Segments Cost 0 +1 4••• ••• 101 Hi Ada 1 $0.0083 showing all 1 messages "
        "Row Column Why it cannot be sent 1 to none is not a phone number. Write + and the country "
        "code, then the number, such as +15005550006. showing all 1 problems"
    )
    assert "Hi Ada" in text_of(shown(made.preview()))


def test_every_type_is_displayed_and_none_is_imported_for_it() -> None:
    code = (
        "import sys; from twilio_widgets.panels.kit.displays import DISPLAYS;"
        "print([module for module, _name in DISPLAYS if module in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
    assert {name for _module, name in DISPLAYS} == {
        type(value).__name__ for value, _text in VALUES
    } | {"Explanation", "Policy", "Plan", "Preview"}


def test_a_notebook_registers_the_displays_and_a_script_does_not() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell;"
        "shell = InteractiveShell.instance(); import twilio_widgets as tw;"
        "html = shell.display_formatter.formatters['text/html'];"
        "print(html(tw.segments('Hello')) is not None, 'ipywidgets' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "True False\n"
    assert not hasattr(segments("Hello"), "_repr_html_")
