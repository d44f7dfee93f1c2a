"""Errors of calls without a usable reply."""

from hexclave_api.errors import HexclaveError


class TransportError(HexclaveError):
    """The call did not get a usable reply."""

    sent: bool = True
    """True if the request may have reached the server; `False` if no connection was made."""


class APIConnectionError(TransportError):
    """The API could not be reached, or the connection was lost before the reply was complete."""

    hint = "Check that the API can be reached from here (URL, DNS, proxy, firewall), then try again."


class APITimeoutError(TransportError):
    """The call timed out."""

    hint = "Try again, or raise the timeout."


class ConnectTimeout(APITimeoutError):
    """Connecting timed out; nothing was sent."""

    sent = False
    hint = "Check that the API can be reached from here (URL, DNS, proxy, firewall), or raise the connect timeout."


class ReadTimeout(APITimeoutError):
    """The connection went silent; the API may have processed the request."""

    hint = "Check whether a change was applied before you repeat it."


class TotalTimeout(APITimeoutError):
    """The total timeout of the call, including retries and waits, was exceeded."""

    hint = "Raise the total timeout, or allow fewer attempts."


class UnreadableReplyError(TransportError):
    """The API reported success, but the body does not match the operation's schema."""

    hint = "Check that the base URL is the API's and that no proxy alters replies."


class TooManyRedirectsError(TransportError):
    """The call was redirected too many times."""

    hint = "Check the base URL."


class CrossOriginRedirectError(TransportError):
    """The reply redirects to another origin, which must not receive the request's keys."""

    hint = "Use the API's own origin as the base URL."


class OAuthCallbackError(HexclaveError):
    """The OAuth sign-in returned an error, or no authorization code."""

    hint = "Have the user start the sign-in again."

    error: str | None = None
    """The OAuth error code in the callback, such as `access_denied` (RFC 6749)."""
