"""How code authenticates: the first lines of every snippet, without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.connection import API_VERSION, ApiKeyConnection, Connection
from twilio_widgets.panels.code.quoting import call, curl, environment, imports_for

if TYPE_CHECKING:
    from collections.abc import Iterable

SANDBOX_MESSAGES = 200
"""Initial messages of a sandbox that a panel opens."""

SANDBOX_NOTE = "# The sandbox runs in the kernel. For your own account:"
"""The comment above code that cannot reach a sandbox."""
_API = "api.twilio.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The non-secret facts of a connection that code needs to authenticate."""

    kind: str
    """``"API key"``, ``"auth token"`` or ``"sandbox"``."""
    host: str = _API
    region: str | None = None
    edge: str | None = None
    subaccount: bool = False
    """Whether it acts on a subaccount."""
    checks_webhooks: bool = False
    """Whether an API key connection also has the auth token."""

    @classmethod
    def of(cls, connection: Connection | str) -> Access:
        """Return the access of a connection, or the default access of a kind."""
        if isinstance(connection, str):
            return cls(kind=connection)
        return cls(
            kind=connection.kind,
            host=connection.host("api"),
            region=connection.region,
            edge=connection.edge,
            subaccount=connection.subaccount_sid is not None,
            checks_webhooks=isinstance(connection, ApiKeyConnection)
            and connection.auth_token is not None,
        )

    @property
    def account(self) -> str:
        """The environment variable with the SID of the account to use."""
        return "TWILIO_SUBACCOUNT_SID" if self.subaccount else "TWILIO_ACCOUNT_SID"

    @property
    def login(self) -> tuple[str, str]:
        """The environment variables with the user name and the secret."""
        if self.kind == "API key":
            return "TWILIO_API_KEY", "TWILIO_API_SECRET"
        return "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"

    def ours(self, action: str, values: Iterable[object] = ()) -> str:
        """Return `action` in this library, after the lines that connect."""
        imports = imports_for(values)
        if self.kind == "sandbox":
            setup = call("sandbox = tw.Sandbox", messages=SANDBOX_MESSAGES)
            client = "twilio = tw.Twilio(sandbox.connection)"
        else:
            imports = ["import os", *imports]
            setup = call(f"connection = tw.{self._class}", **self._fields)
            client = "twilio = tw.Twilio(connection)"
        return _blocks(
            "\n".join(imports), "import twilio_widgets as tw", f"{setup}\n{client}", action
        )

    def official(
        self, action: str, values: Iterable[object] = (), more_imports: Iterable[str] = ()
    ) -> str:
        """Return `action` in twilio-python, after the lines that connect."""
        names = [environment(name) for name in self.login]
        keywords: dict[str, object] = {}
        if self.kind == "API key" or self.subaccount:
            keywords["account_sid"] = environment(self.account)
        if self.host != _API:
            _, edge, region, *_ = self.host.split(".")
            keywords |= {"region": region, "edge": edge}
        client = call("client = Client", names, **keywords)
        imports = "\n".join(["import os", *imports_for(values), *more_imports])
        note = SANDBOX_NOTE if self.kind == "sandbox" else ""
        return _blocks(note, imports, "from twilio.rest import Client", client, action)

    def curl(
        self, path: str, pairs: Iterable[tuple[str, str]] = (), *options: str, note: str = ""
    ) -> str:
        """Return a request as a curl command; `path` is relative to the account."""
        url = f"https://{self.host}/{API_VERSION}/Accounts/${self.account}/{path}"
        command = curl(url, pairs, login=self.login, options=options)
        sandbox = SANDBOX_NOTE if self.kind == "sandbox" else ""
        return "\n".join(line for line in (sandbox, note, command) if line)

    @property
    def _class(self) -> str:
        return "ApiKeyConnection" if self.kind == "API key" else "AuthTokenConnection"

    @property
    def _fields(self) -> dict[str, object]:
        variables = {"account_sid": "TWILIO_ACCOUNT_SID"}
        if self.kind == "API key":
            variables |= {"api_key_sid": "TWILIO_API_KEY", "api_key_secret": "TWILIO_API_SECRET"}
        if self.kind != "API key" or self.checks_webhooks:
            variables |= {"auth_token": "TWILIO_AUTH_TOKEN"}
        if self.subaccount:
            variables |= {"subaccount_sid": "TWILIO_SUBACCOUNT_SID"}
        fields: dict[str, object] = {name: environment(value) for name, value in variables.items()}
        places = {"region": self.region, "edge": self.edge}
        return fields | {name: place for name, place in places.items() if place is not None}


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)
