"""A person who fills in a form and presses a button, and what the page showed at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WATCH_PRESSES = """() => {
  const seen = (element) => element.getClientRects().length > 0;
  const label = (field) => (field.getAttribute("aria-label") || field.labels?.[0]?.textContent
    || field.placeholder).trim();
  const chosen = new WeakMap(); // files by name; a card may empty the field once it has them
  const value = (field) => field.type === "checkbox" ? String(field.checked)
    : field.type === "file" ? chosen.get(field) ?? "" : field.value;
  const waits = (note) => note.matches(".tw-press-note.tw-hint"); // "Waiting…" is not an answer
  window.twNotes = (card) => [...card.querySelectorAll(".tw-note")]
    .filter((note) => seen(note) && note.textContent && !waits(note))
    .map((note) => note.textContent);
  window.twPresses = [];
  const remember = (event) => {
    const card = event.target.closest?.(".tw-card");
    if (!card || !event.isTrusted) return;
    const fields = [...card.querySelectorAll("input, textarea, select")]
      .filter((field) => seen(field) || field.type === "file")
      .map((field) => [label(field), value(field)]);
    window.twPresses.push({ fields: Object.fromEntries(fields), notes: window.twNotes(card) });
  };
  window.addEventListener("change", ({ target }) => {
    if (target.type === "file") chosen.set(target, [...target.files].map((f) => f.name).join());
  }, true);
  window.addEventListener("click", (event) => {
    if (event.target.closest?.("button")) remember(event);
  }, true);
  window.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) remember(event);
  }, true);
}"""
"""Remembers what every visible field of a card holds whenever a person presses a button in it."""

_NOTES = "(card) => window.twNotes(card)"
_TABS = 12
"""Presses of Tab after which a button is not reachable by keyboard."""


@dataclass(frozen=True)
class Pace:
    """How a person works.

    Args:
        key_ms: Milliseconds between two keys.
        pause_ms: Milliseconds between the last key and the press.
        keyboard: Whether the press is Tab, then Space, and not a click.
    """

    key_ms: int = 60
    pause_ms: int = 500
    keyboard: bool = False


@dataclass(frozen=True)
class Press:
    """What a card showed when its button was pressed.

    Args:
        fields: Each visible field's value, by its label.
        notes: The sentences on the card.
    """

    fields: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """Fills in one card, with real key and mouse events."""

    page: Page
    card: Locator
    pace: Pace

    def write(self, label: str, text: str) -> None:
        """Replace the text of a field, key by key."""
        field = self.card.get_by_label(label, exact=True)
        field.click()
        self.page.keyboard.press("Control+A")
        self.type(text)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self.page.keyboard.type(text, delay=self.pace.key_ms)

    def press(self, name: str) -> None:
        """Press a button where it stands now, whether it is enabled or not."""
        self.page.wait_for_timeout(self.pace.pause_ms)
        button = self.card.get_by_role("button", name=name, exact=True).first
        if self.pace.keyboard:
            self._tab_to(button)
            self.page.keyboard.press("Space")
            return
        box = button.bounding_box()
        assert box is not None, f"there is no {name} to press"
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def press_enter(self) -> None:
        """Press Enter where the focus is."""
        self.page.wait_for_timeout(self.pace.pause_ms)
        self.page.keyboard.press("Enter")

    def presses(self) -> list[Press]:
        """Return every press since the page was loaded, or since the last call."""
        seen = self.page.evaluate("() => window.twPresses.splice(0)")
        return [Press(one["fields"], tuple(one["notes"])) for one in seen]

    def notes(self) -> tuple[str, ...]:
        """Return the sentences that are on the card now."""
        return tuple(self.card.evaluate(_NOTES))

    def _tab_to(self, button: Locator) -> None:
        for _ in range(_TABS):
            self.page.keyboard.press("Tab")
            if button.evaluate("(button) => button === document.activeElement"):
                return
        raise AssertionError("Tab does not reach the button")
