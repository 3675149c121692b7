"""Every card in every state, as code for a notebook: what the pictures and the checks look at.

A scene is the code of one cell. It makes a panel, brings it into a state as a page does, and ends
with the panel. The scenes of one card share a kernel, in which `SETUP` ran first.
"""

from __future__ import annotations

SETUP = '''
import asyncio, time
import pandas as pd
import twilio_widgets as tw
from tests.panel_driver import PanelDriver

NOON = "2026-01-31T12:00:00Z"
sandbox = tw.Sandbox(seed=3, messages=2_000, now=NOON)
twilio = tw.Twilio(sandbox.connection)
live = tw.Sandbox(seed=3)
live_twilio = tw.Twilio(live.connection)
slow = tw.Sandbox(seed=3, messages=2_000, latency=600)
slow_twilio = tw.Twilio(slow.connection)
me, to = sandbox.numbers[0], "+14155550123"
TEXT = ("Your table for “Chloé” is ready at the Harbour Grill. Come before 8 pm. "
        "Reply STOP to opt out.")

def driven(panel, *steps, seconds=20):
    """Drive a panel: ("type", label, text), ("choose", label, text) or ("press", text)."""
    panel.join(seconds)
    for name, *args in steps:
        getattr(PanelDriver(panel), name)(*args)
        panel.join(seconds)
    return panel

def row(panel, **wanted):
    """The first row of a panel's table with these cells."""
    return next(one for one in panel._table.rows if wanted.items() <= one.items())
'''

_GUESTS = """
guests = pd.DataFrame({
    "name": ["Ada", "Grace", "Zoë", "Linus", "Mallory", "Ada again"],
    "phone": ["+14155550101", "+14155550102", "+14155550103", "4.42E+11", "+14155550104",
              "+14155550101"],
    "table": [1, 2, 3, 4, 5, 6],
})
def bulk(frame=guests, client=live_twilio, body="Hi {name}, table {table} is yours.", **options):
    return tw.BulkPanel(client, frame, from_=live.numbers[0], body=body, **options)
import tempfile
folder = tempfile.mkdtemp()
"""

CARDS: dict[str, dict[str, str]] = {
    "connection": {
        "empty": "driven(tw.ConnectionPanel())",
        "problems": """
panel = driven(tw.ConnectionPanel(), ("type", "Account SID", "AC12"), ("press", "More"),
               ("type", "API Key SID", "AC" + "0" * 32), ("press", "Connect"))
panel""",
        "steps": 'driven(tw.ConnectionPanel(), ("press", "How to get"))',
        "auth-token": 'driven(tw.ConnectionPanel(), ("choose", "Kind", "Auth Token"))',
        "sandbox": 'driven(tw.ConnectionPanel(), ("choose", "Kind", "Sandbox"))',
        "connected": 'driven(tw.ConnectionPanel(), ("press", "Try"), ("press", "Show the code"))',
        "refused": """
sandbox.fail(status=401)
panel = driven(tw.ConnectionPanel(sandbox.connection))
panel""",
        "connecting": "driven(tw.ConnectionPanel(slow.connection), seconds=0.2)",
    },
    "send": {
        "not-connected": "tw.SendPanel(tw.ConnectionPanel())",
        "empty": "driven(tw.SendPanel(twilio))",
        "written": "driven(tw.SendPanel(twilio, to='+1 (415) 555-0123', from_=me, body=TEXT))",
        "problems": 'driven(tw.SendPanel(twilio, to="12"), ("press", "Send"))',
        "asking": """
driven(tw.SendPanel(twilio, to=to, from_=me, body=TEXT * 5), ("press", "Send"))""",
        "counting": """
panel = tw.SendPanel(live_twilio, to=to, from_=me, body="Hello", undo_seconds=60)
driven(panel, ("press", "Send"), seconds=1)""",
        "sending": """
panel = tw.SendPanel(slow_twilio, to=to, from_=me, body="Hello", undo_seconds=0)
driven(panel, ("press", "Send"), seconds=1)""",
        "following": """
panel = tw.SendPanel(twilio, to=to, from_=me, body=TEXT, undo_seconds=0)
driven(panel, ("press", "Send"), seconds=2)""",
        "delivered": """
panel = tw.SendPanel(live_twilio, to=to, from_=live.numbers[0], body="Hello", undo_seconds=0)
driven(panel, ("press", "Send"), ("press", "Show the code"))""",
        "undelivered": """
live.fail(code=30003, method="POST")
panel = tw.SendPanel(live_twilio, to=to, from_=live.numbers[0], body="Hello", undo_seconds=0)
driven(panel, ("press", "Send"))""",
        "refused": """
live.fail(code=21610, method="POST")
panel = tw.SendPanel(live_twilio, to=to, from_=live.numbers[0], body="Hello", undo_seconds=0)
driven(panel, ("press", "Send"))""",
        "unknown": """
live.fail(fault="close_after_accept", method="POST")
panel = tw.SendPanel(live_twilio, to=to, from_=live.numbers[0], body="Who knows", undo_seconds=0)
driven(panel, ("press", "Send"))""",
        "found": """
live.fail(fault="close_after_accept", method="POST")
panel = tw.SendPanel(live_twilio, to=to, from_=live.numbers[0], body="Who knows 2", undo_seconds=0)
driven(panel, ("press", "Send"), ("press", "Find out"))""",
        "more": """
driven(tw.SendPanel(twilio, to=to, from_=me, body="Hello"), ("press", "More"),
       ("press", "Show the code"))""",
        "template": """
panel = driven(tw.SendPanel(twilio, to=to, from_=me))
driver = PanelDriver(panel)
picker = panel._form.template.picker
driver.say(picker, {"t": "typed", "text": picker.options[1][0]})
panel""",
    },
    "messages": {
        "not-connected": "tw.MessagesPanel(tw.ConnectionPanel())",
        "empty": "tw.MessagesPanel(twilio)",
        "reading": 'driven(tw.MessagesPanel(slow_twilio), ("press", "Load"), seconds=0.5)',
        "loaded": 'driven(tw.MessagesPanel(twilio), ("press", "Load"))',
        "filters-changed": """
driven(tw.MessagesPanel(twilio), ("press", "Load"), ("type", "To", "12"),
       ("choose", "Period", "Choose days"))""",
        "no-rows": """
driven(tw.MessagesPanel(twilio), ("type", "To", "+14155559999"), ("press", "Load"))""",
        "failed": """
panel = driven(tw.MessagesPanel(twilio), ("press", "Load"))
sandbox.fail(status=403)
driven(panel, ("press", "Load"))""",
        "opened": """
panel = driven(tw.MessagesPanel(twilio), ("press", "Load"))
panel.look_up(row(panel, status="undelivered 30003")["sid"])
panel.on_reply(lambda message: None)
driven(panel)""",
        "opened-code": """
panel = driven(tw.MessagesPanel(twilio), ("press", "Load"))
panel.look_up(row(panel, status="delivered")["sid"])
driven(panel, ("press", "Show the code"))
panel""",
        "conversation": """
panel = driven(tw.MessagesPanel(twilio), ("press", "Load"))
panel.look_up(row(panel, direction="in")["sid"])
driven(panel, ("press", "Show the conversation"))""",
        "no-such-sid": """
driven(tw.MessagesPanel(twilio), ("type", "SID", "SM" + "0" * 32), ("press", "Look up"),
       ("press", "Show the code"))""",
    },
    "bulk": {
        "not-connected": f"{_GUESTS}\ntw.BulkPanel(tw.ConnectionPanel())",
        "empty": "tw.BulkPanel(live_twilio)",
        "written": "driven(bulk(), ('press', 'More'))",
        "encoding": """
panel = driven(tw.BulkPanel(live_twilio, from_=live.numbers[0], body="Hi {name}"))
content = "phone;name\\n+14155550101;Zoë\\n+14155550102;Café Müller\\n".encode("cp1252")
PanelDriver(panel).upload(panel._form.upload, "guests.csv", content)
driven(panel)""",
        "sheets": """
import io
content = io.BytesIO()
with pd.ExcelWriter(content) as book:
    guests.to_excel(book, sheet_name="Friday", index=False)
    guests.head(2).to_excel(book, sheet_name="Saturday", index=False)
panel = driven(tw.BulkPanel(live_twilio, from_=live.numbers[0], body="Hi {name}"))
PanelDriver(panel).upload(panel._form.upload, "guests.xlsx", content.getvalue())
driven(panel)""",
        "unreadable": """
panel = driven(bulk())
PanelDriver(panel).upload(panel._form.upload, "guests.xls", b"\\xd0\\xcf\\x11\\xe0\\xa1\\xb1")
driven(panel)""",
        "checked": "driven(bulk(), ('press', 'Check'))",
        "none-ready": """
driven(bulk(guests.assign(phone="none")), ("press", "Check"))""",
        "counting": """
panel = driven(bulk(folder=folder, undo_seconds=600), ("press", "Check"))
driver = PanelDriver(panel)
driver.say(panel._confirmation.typed, {"t": "typed", "text": "send 4"})
driver.press_on(panel._confirmation.send)
driven(panel, seconds=2)""",
        "sending": """
panel = driven(bulk(folder=folder, undo_seconds=0), ("press", "More"),
               ("type", "Rate", "0.02"), ("type", "Job name", "slow"), ("press", "Check"))
driver = PanelDriver(panel)
driver.say(panel._confirmation.typed, {"t": "typed", "text": "send 4"})
driver.press_on(panel._confirmation.send)
driven(panel, seconds=2)
time.sleep(2)
panel""",
        "outcomes": """
live.fail(code=21610, method="POST")
panel = driven(bulk(folder=folder, undo_seconds=0), ("press", "More"), ("type", "Rate", ""),
               ("type", "Job name", "fast"), ("press", "Check"))
driver = PanelDriver(panel)
driver.say(panel._confirmation.typed, {"t": "typed", "text": "send 4"})
driver.press_on(panel._confirmation.send)
driven(panel)
panel.job.wait(20)
time.sleep(2)
driven(panel, ("press", "Show the code"))""",
        "lookup": """
driven(bulk(), ("press", "Check"), ("press", "Look up numbers"))""",
        "templates": """
panel = driven(tw.BulkPanel(live_twilio, guests, from_=live.numbers[0]))
driver = PanelDriver(panel)
picker = panel._form.template.picker
driver.say(picker, {"t": "typed", "text": picker.options[1][0]})
panel""",
    },
    "raw": {
        "not-connected": "tw.RawRequestPanel(tw.ConnectionPanel())",
        "empty": "tw.RawRequestPanel(twilio)",
        "tree": """
PATH = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
driven(tw.RawRequestPanel(twilio, path=PATH), ("press", "Send"))""",
        "refused": """
driven(tw.RawRequestPanel(twilio, path="/Accounts/AC1/Nothing.json"), ("press", "Send"),
       ("press", "Show the code"))""",
        "problem": """
driven(tw.RawRequestPanel(twilio, path="https://example.com/"), ("press", "Send"))""",
        "body": """
panel = driven(tw.RawRequestPanel(twilio, path=PATH, method="POST"))
panel._form.sections.value = "body"
driven(panel, ("choose", "Body", "Form"))""",
        "retries": """
panel = driven(tw.RawRequestPanel(twilio, path=PATH))
panel._form.sections.value = "retries"
panel""",
        "table": """
panel = driven(tw.RawRequestPanel(twilio, path=PATH))
panel._form.sections.value = "answer"
driven(panel, ("choose", "As", "Table"), ("press", "Send"))""",
        "history": """
panel = driven(tw.RawRequestPanel(twilio, path=PATH), ("press", "Send"), ("press", "History"))
panel""",
        "sending": """
driven(tw.RawRequestPanel(slow_twilio, path=PATH), ("press", "Send"), seconds=0.5)""",
        "unknown": """
live.fail(fault="close_after_accept", method="POST")
panel = driven(tw.RawRequestPanel(live_twilio, path=PATH, method="POST"))
panel._form.sections.value = "body"
text = f"To=%2B14155550123&From=%2B{live.numbers[0][1:]}&Body=Hi"
driven(panel, ("choose", "Body", "Text"), ("type", "Text", text), ("press", "Send"))""",
    },
    "events": {
        "not-connected": "tw.EventsPanel(tw.ConnectionPanel())",
        "idle": """
place = __import__("tempfile").mkdtemp()
driven(tw.EventsPanel(live_twilio, store=place))""",
        "listening": """
panel = driven(tw.EventsPanel(live_twilio, store=place), ("press", "Start"))
listener = panel.listener
time.sleep(1)
panel""",
        "settings": """
panel = driven(tw.EventsPanel(listener), ("press", "Settings"))
driven(panel, ("press", "Simulate an inbound"), ("press", "Simulate a status"))
time.sleep(1)
panel""",
        "opened": """
panel = driven(tw.EventsPanel(listener))
time.sleep(1)
driven(panel)""",
        "stopped": """
panel = driven(tw.EventsPanel(live_twilio, store=place), ("press", "Stop"))
time.sleep(1)
panel""",
        "polling": """
driven(tw.EventsPanel(live_twilio, store=place), ("choose", "Receive", "Poll the message log"))""",
    },
    "explore": {
        "empty": "tw.ExplorePanel(twilio)",
        "not-connected": "tw.ExplorePanel(tw.ConnectionPanel())",
        "loaded": """
story = tw.Sandbox(seed=7, messages=2_000, stories=True)
frame = tw.Twilio(story.connection).messages.list(limit=None, progress=False)
def explore():
    panel = driven(tw.ExplorePanel(messages=frame, period="all", tz="Europe/Berlin"))
    time.sleep(1.5)
    return panel
explore()""",
        "opened": """
panel = explore()
from twilio_widgets.panels.explore import state as steps
panel._open_row(panel._table.rows[2])
driven(panel)""",
        "wrong-zone": 'driven(tw.ExplorePanel(twilio), ("type", "Time zone", "Mars/Olympus"))',
    },
    "account": {
        "empty": "tw.AccountPanel(twilio)",
        "not-connected": "tw.AccountPanel(tw.ConnectionPanel())",
        "numbers": 'driven(tw.AccountPanel(twilio), ("press", "Load"))',
        **{
            name: f"""
panel = driven(tw.AccountPanel(twilio))
panel._form.sections.value = "{name}"
driven(panel, ("press", "Load"))"""
            for name in ("services", "usage", "alerts")
        },
        "forbidden": """
panel = driven(tw.AccountPanel(twilio))
panel._form.sections.value = "alerts"
sandbox.fail(status=403, path="/v1/Alerts")
driven(panel, ("press", "Load"))""",
    },
    "class": {
        "empty": "classroom = tw.Sandbox().open_class(3)\ntw.ClassPanel(classroom)",
        "live": """
for name in ("Ada", "Grace"):
    member = tw.Sandbox.join(classroom.url, name)
    with tw.Twilio(member.connection) as client:
        client.messages.send(classroom.number, from_=member.number, body=f"Hello from {name}")
panel = driven(tw.ClassPanel(classroom), ("press", "Inject"), ("press", "Show the code"))
panel""",
    },
    "workbench": {
        "not-connected": "tw.Workbench()",
        "connected": """
from twilio_widgets.panels.demo import demo
bench = demo(messages=300)
bench""",
        "limits": """
bench = tw.Workbench(tw.Sandbox(seed=5, messages=200).connection,
                     policy=tw.Policy(max_cost_per_day="10", max_recipients_per_day=100))
bench.join(20)
bench""",
    },
    "reprs": {
        "segments": "tw.segments(TEXT * 2)",
        "segments-plain": 'tw.segments("Hello")',
        "verdict": """
tw.check_signature(url="https://example.com/in", params={"From": to},
                   signature="A" * 27 + "=", auth_token="0" * 32)""",
        "explanation": "tw.explain_error(30003)",
        "check": "twilio.check()",
        "check-refused": """
sandbox.fail(status=401)
twilio.check()""",
        "policy": """
tw.Policy(max_cost_per_day="10", max_recipients_per_day=100, quiet_hours=("21:00", "08:00"))""",
        "plan": f"""{_GUESTS}
plan = tw.plan(guests, to="phone", body="Hi {{name}}, table {{table}} is yours.", from_=me)
plan""",
        "job": """
job = plan.send(live_twilio, name="gallery", folder=folder, undo_seconds=0, rate=None)
job.wait(20)
job""",
        "frame": "twilio.messages.list(limit=5, progress=False)",
        "message": "twilio.messages.list(limit=1, progress=False).iloc[0]",
        "numbers": "twilio.numbers()",
        "outcomes": "job.outcomes",
    },
}

OPENED = {("events", "opened")}
"""Scenes in which the first row of the table is clicked."""

PANELS = tuple(CARDS)
