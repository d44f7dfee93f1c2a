"""The two halves of an OAuth sign-in that no server sees together: what starts it, and the callback that ends it."""

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
    """An OAuth sign-in under way. Send the user's browser to `url` and keep this until the callback comes.

    It belongs to one browser session: keep it where only that browser's requests find it, and use it once.
    """

    url: Secret
    """Where the browser has to go. When an account is being linked it holds an access token."""
    redirect_uri: str
    state: Secret
    """Comes back in the callback and must be the same there."""
    code_verifier: Secret
    """Proves to the API that whoever exchanges the code also began the flow (PKCE, RFC 7636)."""

    def code_from(self, callback_url: str) -> str:
        """The authorization code in the URL that the browser was sent back to.

        Raises:
            UnsafeUseError: the callback does not belong to this sign-in: its `state` is missing or another one.
            OAuthCallbackError: the callback reports that the sign-in failed, or holds no code.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(callback_url).query).items()}
        if not hmac.compare_digest(query.get("state", "").encode(), self.state.reveal().encode()):
            raise UnsafeUseError("The callback's state is not this sign-in's; somebody else may have begun it.")
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
    """A fresh verifier and the challenge made of it (S256)."""

    verifier: Secret
    challenge: str

    @classmethod
    def new(cls) -> Self:
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        return cls(Secret(verifier), base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
