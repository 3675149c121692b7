"""The certificate authorities that are trusted, and errors about certificates in words.

As in httpx: the file in ``SSL_CERT_FILE``, or the folder in ``SSL_CERT_DIR``, or certifi's list.
"""

from __future__ import annotations

import os
import ssl

import httpx

from twilio_widgets.errors import NotConnected

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_OWN_CA = (
    "If a proxy of your organisation inspects TLS, set SSL_CERT_FILE to a file with its CA "
    "certificate (PEM), next to the public ones"
)


def trusted() -> ssl.SSLContext:
    """Return a context that verifies the certificates of servers.

    Raises:
        NotConnected: The environment names a file that cannot be read; the error names both.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        named, problem = _named(), type(error).__name__
    where = f"{named[0]} names {named[1]}, which" if named else "The list of certificates"
    raise NotConnected(
        f"{where} cannot be read as certificates ({problem}), so nothing was sent. Correct the "
        "variable, or remove it to use the usual list."
    )


def certificate_problem(error: BaseException) -> str | None:
    """Return what is wrong with a server's certificate and the remedy; None for other errors."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" not in text:
        return None
    reason = text.partition("verify failed: ")[2].partition(" (_ssl")[0].rstrip(".")
    if "expired" in reason or "not yet valid" in reason:
        remedy = "Check the date of this computer"
    elif "mismatch" in reason or "doesn't match" in reason:
        remedy = "Something in between answers in Twilio's place, such as a network's login page"
    elif (named := _named()) is not None:
        remedy = f"{named[0]} names {named[1]}; does it contain the CA? {_OWN_CA}"
    else:
        remedy = _OWN_CA
    return (
        "Twilio was not reached, so nothing was sent: the server's certificate is not trusted "
        f"({reason or 'no reason given'}; CERTIFICATE_VERIFY_FAILED). {remedy}."
    )


def _named() -> tuple[str, str] | None:
    """Return the variable that is in force, and the file or folder it names."""
    return next(((name, os.environ[name]) for name in _VARIABLES if os.environ.get(name)), None)
