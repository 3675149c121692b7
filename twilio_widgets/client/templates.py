"""`twilio.templates`: the account's content templates, blocking or with ``await``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.client.base import ClientBase, awaited
from twilio_widgets.core.flows import templates
from twilio_widgets.core.request import Flow
from twilio_widgets.core.templates.sendable import Sendable
from twilio_widgets.core.templates.template import ContentTemplate

if TYPE_CHECKING:
    from twilio_widgets.frames.safe_frame import SafeFrame


class Templates(ClientBase):
    """The content templates of an account."""

    def list(self) -> SafeFrame:
        """Read all content templates as a DataFrame, with the state of their approval.

        Returns:
            A frame with the columns of `twilio_widgets.frames.resource_schema.TEMPLATES`.

        Raises:
            Forbidden: These credentials may not read templates.
        """
        return self._run(self._listing())

    def get(self, sid: str) -> ContentTemplate:
        """Read one content template.

        Args:
            sid: ``HX`` and 32 hex digits.

        Returns:
            The template: ``.body``, ``.variables``, ``.types``, ``.approval``, ``.render(…)`` for a
            preview and ``.fill(…)`` for the ``content_variables`` of `messages.send`.

        Raises:
            NotFound: The account has no such template.
        """
        return self._run(templates.get(sid, self._new_retry_policy))

    def all(self) -> tuple[ContentTemplate, ...]:
        """Read all content templates as values, with the state of their approval."""
        return self._run(self._reading())

    def can_send(
        self,
        to: str,
        *,
        from_: str | None = None,
        template: ContentTemplate | str | None = None,
    ) -> Sendable:
        """Return whether a message can be sent to this recipient now, and why not.

        On WhatsApp, free text and templates that are not approved can be sent only within 24 hours
        of the recipient's last message to the sender. This reads the message log to find it; it
        sends nothing.

        Args:
            to: The recipient, such as ``"whatsapp:+14155550123"``.
            from_: The sender; None if a messaging service picks it, and then a message to any of
                the account's WhatsApp senders opens the window.
            template: The template or its SID; None for free text.

        Returns:
            A value that is true if it can be sent; ``.why`` is the reason and ``.window_ends`` the
            end of an open window.
        """
        return self._run(
            templates.can_send(
                self._connection, self._new_retry_policy, to=to, from_=from_, template=template
            )
        )

    def _reading(self) -> Flow[tuple[ContentTemplate, ...]]:
        rows = yield from templates.rows(self._new_retry_policy)
        return tuple(map(ContentTemplate.from_api, rows))

    def _listing(self) -> Flow[SafeFrame]:
        from twilio_widgets.frames.resources import template_frame

        found = yield from self._reading()
        attrs = {
            "account": self._connection.masked_account,
            "fetched_at": self._connection.now().isoformat(),
            "complete": True,
        }
        return template_frame(found, attrs=attrs)


class AsyncTemplates(Templates):
    """The content templates of an account, with ``await``; see `Templates`."""

    list = awaited(Templates.list)  # type: ignore[assignment]  # the same, awaited
    get = awaited(Templates.get)  # type: ignore[assignment]
    all = awaited(Templates.all)  # type: ignore[assignment]
    can_send = awaited(Templates.can_send)  # type: ignore[assignment]
