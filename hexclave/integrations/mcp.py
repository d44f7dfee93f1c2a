"""MCP servers: verifies the access tokens of users for servers of the official `mcp` package.

    server = MCPServer("documents", token_verifier=HexclaveTokenVerifier(app), auth=AuthSettings(…))

Needs `hexclave[mcp]`.
"""

from typing import TYPE_CHECKING, Final

from hexclave import AsyncHexclaveAdminApp, AsyncHexclaveServerApp
from hexclave.errors import UnsafeUseError
from hexclave.verify import InvalidTokenError
from hexclave_api.secret import hidden

try:
    from mcp.server.auth.provider import AccessToken, TokenVerifier
except ImportError as _missing:
    raise ImportError("hexclave.integrations.mcp needs mcp: pip install 'hexclave[mcp]'") from _missing

if TYPE_CHECKING:
    from hexclave.verify import AccessTokenClaims

__all__ = ["HexclaveTokenVerifier"]


class HexclaveTokenVerifier(TokenVerifier):
    """Verifies access tokens of the app's project; tools get the user's ID as `get_access_token().subject`.

    Signatures are checked locally. With `permissions`, the scopes of a token are the user's permissions in the project,
    which costs a request to the API for each request to the server: GET /project-permissions. Without, there are none.

    The audience of a token is the project, not the server: pass `validate_token_resource=False` in `AuthSettings`, and
    do not share a project with servers whose operators must not use each other's tokens.

    Raises:
        UnsafeUseError: `app` is not an async server or admin app.
    """

    def __init__(
        self,
        app: AsyncHexclaveServerApp | AsyncHexclaveAdminApp,
        *,
        permissions: bool = False,
        allow_restricted: bool = False,
        allow_anonymous: bool = False,
    ) -> None:
        if not isinstance(app, AsyncHexclaveServerApp | AsyncHexclaveAdminApp):
            raise UnsafeUseError(f"app must be an async server or admin app, not {type(app).__name__}.")
        self._app: Final = app
        self._permissions: Final = permissions
        self._allow_restricted: Final = allow_restricted
        self._allow_anonymous: Final = allow_anonymous

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the user's token with its scopes; `None` if it is invalid, expired, or its user is not allowed.

        Raises:
            HexclaveError: the signing keys or the API are unavailable.
        """
        secret = hidden(token)
        del token
        try:
            claims = await self._app.verifier.verify(
                secret, allow_restricted=self._allow_restricted, allow_anonymous=self._allow_anonymous
            )
        except InvalidTokenError:
            return None
        return AccessToken(
            token=secret.reveal(),
            client_id=claims.project_id,
            scopes=await self._scopes(claims) if self._permissions else [],
            expires_at=int(claims.expires),
            subject=claims.user_id,
            claims={"iss": claims.issuer, "aud": claims.audience, "sub": claims.user_id},
        )

    async def _scopes(self, claims: "AccessTokenClaims") -> list[str]:
        return [each.id async for each in self._app.permissions.list(user_id=claims.user_id)]
