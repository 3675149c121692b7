"""`SavedPicture`: the static picture of a widget that a saved notebook shows without a kernel.

A widget in a notebook file is a reference to a model in a kernel. When the notebook is opened again
without that kernel, JupyterLab shows an error line in its place. A widget with this mix-in is
therefore displayed as two outputs: the widget, and static HTML. While the widget is on the page, a
style rule hides the HTML; without it, the rule hides the error line instead.

To give a widget a picture:

1. Derive its class from `SavedPicture`, before the widget class.
2. Call ``_begin_picture(static)`` in the constructor, after ``super().__init__``.
3. Return the HTML from ``_picture_html``, with every text escaped by `inert`. An untrusted notebook
   drops ``<svg>`` and ``<style>``, and keeps tables, ``<img>`` with a data URL, and ``style=``.
4. Call ``_picture_changed()`` when the widget shows something else. It returns at once; the picture
   in the notebook is replaced about a second later.
5. Call ``_end_picture()`` in ``close``.

Phone numbers in the texts of the HTML are masked, unless the user chose ``static="unmasked"``.
Attributes are not: leave numbers out of them, or mask them in ``_picture_html``.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, cast

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.panels.kit.throttle import throttle

if TYPE_CHECKING:
    import ipywidgets

    from twilio_widgets.panels.kit.throttle import Throttle

Static = bool | Literal["unmasked"]
"""True: a picture with masked phone numbers. False: none. ``"unmasked"``: with whole numbers."""

SWITCH = "TWILIO_WIDGETS_STATIC"
"""The environment variable that turns all pictures off when it is ``0``.

With ``inline`` a picture is part of the widget's own output, so that the outputs of a notebook are
the same each time it runs: a second output contains the name of its widget.
"""

SOONEST, EVERY = 1.0, 2.0
"""Seconds before a picture is replaced, and between two replacements. It is sent whole each time,
and what the user waits for must come first."""

VIEW = "application/vnd.jupyter.widget-view+json"
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")

# JupyterLab's class names serve to hide the whole row of an output. Elsewhere only the picture in
# it is hidden, and an error line stays.
_STYLE = """\
body:has(.tw-live-{id}) .tw-saved-{id},
body:has(.tw-live-{id}) .jp-OutputArea-child:has(.tw-saved-{id}),
.jp-OutputArea-child:has(+ .jp-OutputArea-child .tw-saved-{id}):not(:has(.tw-live-{id})) {{
  display: none;
}}
.tw-saved-{id} {{
  max-width: 1080px;
  color: var(--jp-ui-font-color1, inherit);
  font: 13px/1.45 var(--jp-ui-font-family, system-ui, sans-serif);
}}
"""


class SavedPicture:
    """A mix-in for a widget that displays a static picture of it in a second output."""

    _picture_static: Static = False
    _picture_inline = False
    _picture_throttle: Throttle | None = None

    def _begin_picture(self, static: Static = True) -> None:
        """Prepare the picture; `static` is the option that the user passed.

        Raises:
            TypeError: `static` is neither a bool nor ``"unmasked"``.
        """
        if static not in (True, False, "unmasked"):
            raise TypeError(f'static is True, False or "unmasked", not {static!r}.')
        switch = os.environ.get(SWITCH, "").strip()
        self._picture_static = static if switch != "0" else False
        self._picture_inline = switch == "inline"
        if self._has_second_output:
            self._widget.add_class(f"tw-live-{self._widget.model_id}")

    def _picture_html(self) -> str:
        """Return the picture: static HTML without scripts, every text escaped."""
        raise NotImplementedError

    def _picture_changed(self) -> None:
        """Replace the picture soon, if it was displayed. Returns at once; thread-safe."""
        if self._picture_throttle is not None:
            self._picture_throttle.ask()

    def _end_picture(self) -> None:
        """Stop replacing the picture; call this when the widget closes."""
        if self._picture_throttle is not None:
            self._picture_throttle.stop()

    def _ipython_display_(self) -> None:
        """Display the widget, and its picture after it.

        Raises:
            NotImplementedError: There is no second output; IPython displays the widget as usual.
        """
        if not self._has_second_output:
            raise NotImplementedError
        from IPython.display import display

        shown = self._widget._repr_mimebundle_()
        bundle = shown[0] if isinstance(shown, tuple) else shown
        if VIEW in bundle:
            # Nothing but the widget: a fallback here would appear beside the picture.
            display({VIEW: bundle[VIEW], "text/plain": ""}, raw=True)
        display(self._picture_bundle(), raw=True, display_id=self._picture_id)
        if self._picture_throttle is None:
            self._picture_throttle = throttle(
                "twilio_widgets-picture",
                self._replace_picture,
                lambda: None,
                soonest=SOONEST,
                every=EVERY,
            )

    def _replace_picture(self) -> None:
        from IPython.display import update_display

        with suppress(Exception):  # no cell belongs to an error here, and the last picture stays
            update_display(self._picture_bundle(), raw=True, display_id=self._picture_id)

    @property
    def _has_second_output(self) -> bool:
        return bool(self._picture_static) and not self._picture_inline

    def _picture_bundle(self) -> dict[str, str]:
        return {"text/html": self._saved_html(), "text/plain": repr(self)}

    def _bundle_with_picture(self, bundle: dict[str, object]) -> dict[str, object]:
        """Return the MIME bundle of the widget with its repr and its picture, if it has one.

        Without a picture IPython saves this bundle, so it must not contain one either.
        """
        html = {"text/html": self._masked_html()} if self._picture_static else {}
        return {**bundle, "text/plain": repr(self), **html}

    def _saved_html(self) -> str:
        """Return the second output: the picture, masked, with the rules that hide it."""
        name = self._widget.model_id
        style, html = _STYLE.format(id=name), self._masked_html()
        return f'<div class="tw-saved tw-saved-{name}"><style>{style}</style>{html}</div>'

    def _masked_html(self) -> str:
        html = self._picture_html()
        return html if self._picture_static == "unmasked" else masked(html)

    @property
    def _picture_id(self) -> str:
        return f"tw-{self._widget.model_id}"

    @property
    def _widget(self) -> Any:
        return cast("ipywidgets.DOMWidget", self)


def masked(html: str) -> str:
    """Return HTML with the phone numbers in its texts masked; tags stay as they are."""
    return _TEXT.sub(lambda text: mask(text[0]), html)
