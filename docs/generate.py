"""Write the reference: a page for each public name, the error classes, and the error codes."""

import inspect

from twilio_widgets import errors
from twilio_widgets.core.error_codes.catalogue import CATALOGUE
from twilio_widgets.core.error_codes.explain import explain_error

OTHERS = {
    "Messages": "twilio_widgets.client.messages",
    "Classroom": "twilio_widgets.sandbox.classroom.member",
    "ClassMember": "twilio_widgets.sandbox.classroom.member",
    "Explanation": "twilio_widgets.core.error_codes.explain",
    "Segments": "twilio_widgets.core.text.segments",
    "RawMixin": "twilio_widgets.client.raw",
}
"""Classes that are not imported by name, but whose methods and attributes are used."""

TITLES = {"RawMixin": "Twilio.raw"}
_RETRY = {True: "yes, later", False: "only after a change", None: "it depends"}


def write_reference(folder, package):
    """Write every page into `folder`."""
    for name in package.__all__:
        thing = getattr(package, name)
        if not inspect.ismodule(thing):
            _write_name(folder, name, thing.__module__, inspect.isclass(thing))
    for name, module in OTHERS.items():
        _write_name(folder, name, module, is_class=True)
    (folder / "errors.md").write_text(_errors(), "utf-8")
    (folder / "error-codes.md").write_text(_codes(), "utf-8")


def _write_name(folder, name, module, is_class):
    directive = "autoclass" if is_class else "autofunction"
    members = "   :members:\n   :exclude-members: count, index, traits\n" if is_class else ""
    title = TITLES.get(name, name if is_class else f"{name}()")
    text = (
        f"# {title}\n\n```{{eval-rst}}\n.. currentmodule:: {module}\n\n"
        f".. {directive}:: {name}\n{members}```\n"
    )
    (folder / f"api-{name}.md").write_text(text, "utf-8")


def _errors():
    lines = [
        "# Error classes",
        "",
        "Every error that this package raises is a `tw.errors.TwilioWidgetsError`.",
        "",
        "| class | base class | meaning |",
        "|---|---|---|",
    ]
    for name, thing in vars(errors).items():
        if inspect.isclass(thing) and issubclass(thing, errors.TwilioWidgetsError):
            first = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
            lines.append(f"| `{name}` | `{thing.__base__.__name__}` | {first} |")
    return "\n".join([*lines, ""])


def _codes():
    lines = [
        "# Twilio's error codes",
        "",
        f"The {len(CATALOGUE)} codes that `tw.explain_error(code)` explains, offline and in our "
        "own words. The link leads to Twilio's own page.",
        "",
        "| code | meaning | what to do | who can fix it | retry |",
        "|---|---|---|---|---|",
    ]
    for code in sorted(CATALOGUE):
        one = explain_error(code)
        cells = (one.meaning, one.advice, one.who, _RETRY[one.retry])
        text = " | ".join(str(cell).replace("|", "\\|") for cell in cells)
        lines.append(f"| [{code}]({one.url}) | {text} |")
    return "\n".join([*lines, ""])
