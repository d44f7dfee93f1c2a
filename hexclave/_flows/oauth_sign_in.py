"""Sign-in with OAuth and other external providers."""

import secrets
from collections.abc import Sequence

from hexclave._engine.exchange import exchange
from hexclave._engine.session import received
from hexclave._flows.signing_in import SigningIn
from hexclave._steps import Steps
from hexclave.errors import UnsafeUseError
from hexclave.oauth import OAuthAuthorization, Pkce
from hexclave_api.models import ExternalSignIn, OAuthTokens, SignInOrSignUpResult
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import auth, oauth
from hexclave_api.secret import Secret, SecretText


class OAuthSignIn(SigningIn):
    """Flows."""

    def start_oauth(
        self,
        provider_id: str,
        *,
        redirect_uri: str,
        link: bool = False,
        provider_scopes: Sequence[str] = (),
        after_callback_redirect_url: str | Unset = UNSET,
        error_redirect_uri: str | Unset = UNSET,
    ) -> Steps[OAuthAuthorization]:
        """Start a sign-in with an OAuth provider: open the `url` of the result in the browser.

        `redirect_uri` is your page that receives `code` and `state`; it must be on a trusted domain and must not have
        these two parameters. `link` adds the provider's account to the signed-in user.

        GET /auth/oauth/authorize/{provider_id}.

        Raises:
            UnsafeUseError: `link` without a signed-in user.
        """
        app, token = self._context, None
        if link:
            token = yield from self._access_token()
            if token is None:
                raise UnsafeUseError("start_oauth(link=True) needs a signed-in user.")
        pkce, state = Pkce.new(), secrets.token_urlsafe(24)
        operation = oauth.start_oauth_flow(
            provider_id.lower(),
            type_="link" if link else "authenticate",
            token=UNSET if token is None else token,
            client_id=app.client_id,
            client_secret=self._client_secret(),
            redirect_uri=redirect_uri,
            scope="legacy",
            state=state,
            code_challenge=pkce.challenge,
            response_type="code",
            provider_scope=" ".join(provider_scopes) or UNSET,
            after_callback_redirect_url=after_callback_redirect_url,
            error_redirect_uri=error_redirect_uri,
        )
        return OAuthAuthorization(Secret(app.base_url + operation.url), redirect_uri, Secret(state), pkce.verifier)

    def finish_oauth(self, authorization: OAuthAuthorization, *, callback_url: str) -> Steps[OAuthTokens]:
        """Complete the sign-in with the URL that the browser was redirected to. POST /auth/oauth/token.

        Raises:
            UnsafeUseError: the callback belongs to another sign-in.
            OAuthCallbackError: the callback reports a failure.
            InvalidAuthorizationCode: the code was already used or has expired.
            MultiFactorAuthenticationRequired: continue with `sign_in_with_mfa`.
        """
        return self._sign_in(
            oauth.exchange_oauth_token(
                grant_type="authorization_code",
                code=authorization.code_from(callback_url),
                redirect_uri=authorization.redirect_uri,
                code_verifier=authorization.code_verifier,
                client_id=self._context.client_id,
                client_secret=self._client_secret(),
            )
        )

    def sign_in_with_apple(self, id_token: SecretText) -> Steps[SignInOrSignUpResult]:
        """Sign in or up with the token that Apple issued to an app on the user's device.

        POST /auth/oauth/callback/apple/native.

        Raises:
            AppleBundleIdNotConfigured: the app is not configured in the project.
            InvalidAppleCredentials: the token was not issued by Apple, or not for the app.
        """
        return self._sign_in(auth.sign_in_with_apple(id_token=id_token))

    def sign_in_with_better_auth(self, token: SecretText) -> Steps[ExternalSignIn]:
        """Sign in or up with a token of the Better Auth server that the project trusts.

        The session gets no refresh token: call again with a new token when it expires. POST /auth/external/token.

        Raises:
            ExternalAuthProviderNotConfigured: the project does not trust a Better Auth server.
            InvalidExternalAuthToken: the token was not signed by that provider, or has expired.
        """
        operation = auth.exchange_external_auth_token(provider_id="better-auth-integration", token=token)
        del token
        return self._sign_in_externally(operation)

    def sign_in_with_clerk(self, token: SecretText) -> Steps[ExternalSignIn]:
        """Sign in or up with a session token of the Clerk application that the project trusts.

        The session gets no refresh token: call again with a new token when it expires. POST /auth/external/token.

        Raises:
            ExternalAuthProviderNotConfigured: the project does not trust a Clerk application.
            InvalidExternalAuthToken: the token was not signed by that provider, or has expired.
        """
        operation = auth.exchange_external_auth_token(provider_id="clerk-integration", token=token)
        del token
        return self._sign_in_externally(operation)

    def sign_in_with_workos(self, token: SecretText) -> Steps[ExternalSignIn]:
        """Sign in or up with an access token of the WorkOS environment that the project trusts.

        The session gets no refresh token: call again with a new token when it expires. POST /auth/external/token.

        Raises:
            ExternalAuthProviderNotConfigured: the project does not trust a WorkOS environment.
            InvalidExternalAuthToken: the token was not signed by that provider, or has expired.
        """
        operation = auth.exchange_external_auth_token(provider_id="workos-integration", token=token)
        del token
        return self._sign_in_externally(operation)

    def _sign_in_externally(self, operation: Operation[ExternalSignIn]) -> Steps[ExternalSignIn]:
        session = self._sign_in_session()
        result = yield from exchange(self._alone(), operation)
        yield session.save(received(result.access_token, None))
        return result
