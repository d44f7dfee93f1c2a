"""State of an OAuth sign-in between its authorization URL and its callback."""

import base64
import hashlib
import hmac
import secrets
from typing import Self
from urllib.parse import parse_qs, urlsplit

import attrs

from hexclave.errors import OAuthCallbackError, UnsafeUseError
from hexclave_api.secret import Secret

__all__ = ["OAuthAuthorization", "Pkce"]


@attrs.frozen
class OAuthAuthorization:
    """A pending OAuth sign-in. Redirect the user's browser to `url` and keep this object until the callback.

    It belongs to one browser session: store it there, for example in a signed cookie, and use it only once.
    """

    url: Secret
    """The URL to redirect the browser to. When an account is linked, it contains an access token."""
    redirect_uri: str
    state: Secret
    """Returned in the callback, where it must be the same (CSRF protection)."""
    code_verifier: Secret
    """Proves that the code is exchanged by the party that started the flow (PKCE, RFC 7636)."""

    def code_from(self, callback_url: str) -> str:
        """Return the authorization code from the callback URL.

        Raises:
            UnsafeUseError: `state` is missing or does not match this sign-in.
            OAuthCallbackError: the sign-in failed, or the callback has no code.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(callback_url).query).items()}
        if not hmac.compare_digest(query.get("state", "").encode(), self.state.reveal().encode()):
            raise UnsafeUseError(
                "The callback's state does not match this sign-in, which may be a CSRF attack: start the sign-in again."
            )
        if "code" not in query:
            failure = OAuthCallbackError(
                query.get("error_description") or query.get("message") or "The sign-in failed."
            )
            failure.error = query.get("error")
            failure.code = query.get("errorCode")
            raise failure
        return query["code"]


@attrs.frozen
class Pkce:
    """A PKCE verifier and its S256 challenge."""

    verifier: Secret
    challenge: str

    @classmethod
    def new(cls) -> Self:
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        return cls(Secret(verifier), base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
