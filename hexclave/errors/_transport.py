"""Calls that got no usable reply."""

from hexclave_api.errors import HexclaveError


class TransportError(HexclaveError):
    """The call got no usable reply."""

    sent: bool = True
    """Whether the request may have arrived; `False` where there never was a connection."""


class APIConnectionError(TransportError):
    """The API could not be reached, or the connection broke before the reply was complete."""

    hint = "Check that the API can be reached from here (URL, DNS, proxy, firewall), then try again."


class APITimeoutError(TransportError):
    """The call took longer than it may."""

    hint = "Try again, or allow more time."


class ConnectTimeout(APITimeoutError):
    """No connection came about in time, so nothing was sent."""

    sent = False
    hint = "Check that the API can be reached from here (URL, DNS, proxy, firewall), or allow more time to connect."


class ReadTimeout(APITimeoutError):
    """The connection stood and went silent; the API may have carried out the request."""

    hint = "Before repeating a change, look whether it has been made."


class TotalTimeout(APITimeoutError):
    """The time for the whole call, with all its attempts and waits, is over."""

    hint = "Allow the call more time, or fewer attempts."


class UnreadableReplyError(TransportError):
    """The API reported success with a body that is not what the operation promises."""

    hint = "Check that the base URL is the API's and that nothing on the way changes replies."


class TooManyRedirectsError(TransportError):
    """The API sent the call from one address to the next without end."""

    hint = "Check the base URL."


class CrossOriginRedirectError(TransportError):
    """The reply redirects to another origin, which must not see the keys of the request."""

    hint = "Make the API's own origin the base URL."


class OAuthCallbackError(HexclaveError):
    """The browser came back from an OAuth sign-in with a failure, or without an authorization code."""

    hint = "Let the user begin the sign-in anew."

    error: str | None = None
    """The OAuth error code in the callback, such as `access_denied` (RFC 6749)."""
