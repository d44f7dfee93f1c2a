"""Sign-in of a command-line program through a browser."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import attrs

from hexclave._engine.exchange import exchange
from hexclave._engine.polling import seconds
from hexclave._engine.session import received
from hexclave._flows.signing_in import SigningIn
from hexclave._steps import Sleep, Steps
from hexclave.errors import CliAuthExpiredError, CliAuthUsedError, TotalTimeout, UnsafeUseError
from hexclave_api import models
from hexclave_api.operation import UNSET, Unset
from hexclave_api.operations import cli_auth
from hexclave_api.secret import Secret, SecretText, hidden
from hexclave_api.times import duration_millis


@attrs.frozen
class PendingCliLogin:
    """A login of a command-line program that is waiting for confirmation in a browser."""

    url: Secret
    """The page to open; contains the login code."""
    login_code: Secret
    polling_code: Secret
    expires_at: datetime


class CliLogin(SigningIn):
    """Flows."""

    def start_cli_login(
        self, *, app_url: str, expires_in: timedelta | None = None, anon_refresh_token: SecretText | Unset = UNSET
    ) -> Steps[PendingCliLogin]:
        """Start the login of a command-line program: show its `url`, then call `finish_cli_login`. POST /auth/cli.

        `app_url` is the web app that hosts the confirmation page; `expires_in` at most 24 hours.
        """
        operation = cli_auth.start_cli_login(
            expires_in_millis=UNSET if expires_in is None else duration_millis(expires_in, "expires_in"),
            anon_refresh_token=anon_refresh_token,
        )
        del anon_refresh_token

        def pending(started: models.CliLogin) -> PendingCliLogin:
            query = urlencode({"login_code": started.login_code.reveal()})
            return PendingCliLogin(
                url=Secret(f"{app_url.rstrip('/')}/handler/cli-auth-confirm?{query}"),
                login_code=started.login_code,
                polling_code=started.polling_code,
                expires_at=started.expires_at,
            )

        return (yield from exchange(self._alone(), operation.mapped(pending)))

    def finish_cli_login(
        self, pending: PendingCliLogin, *, poll_every: timedelta = timedelta(seconds=2), within: timedelta | None = None
    ) -> Steps[None]:
        """Wait until the user has confirmed, then sign the session in. POST /auth/cli/poll.

        Polls every `poll_every` until the login expires, or until `within` has passed.

        Raises:
            CliAuthExpiredError: the login was not confirmed in time.
            CliAuthUsedError: another program has already used this login.
            TotalTimeout: `within` has passed; the login can still be confirmed, so waiting again is possible.
        """
        app, session = self._context, self._session()
        ends = None if within is None else app.clock.monotonic() + seconds(within, "within")
        wait = max(0.1, seconds(poll_every, "poll_every"))
        while True:
            answer = yield from exchange(self._alone(), cli_auth.poll_cli_login(polling_code=pending.polling_code))
            if answer.refresh_token is not None:
                yield session.save(received(None, answer.refresh_token))
                return
            if answer.status == "used":
                raise CliAuthUsedError("Another program has already used this login.")
            if answer.status != "waiting":
                raise CliAuthExpiredError("The login was not confirmed in time.")
            if ends is not None and app.clock.monotonic() + wait > ends:
                raise TotalTimeout(f"The login was not confirmed within {within}.")
            yield Sleep(wait)

    def confirm_cli_login(self, login_code: SecretText) -> Steps[None]:
        """Sign the program in as the session's user. For confirmation pages. POST /auth/cli/complete.

        Raises:
            BadRequestError: the code is unknown or expired.
            UnsafeUseError: the session has no refresh token.
        """
        login_code, session = hidden(login_code), self._session()
        tokens = yield session.load()
        if tokens is None or tokens.refresh_token is None:
            raise UnsafeUseError("confirm_cli_login needs a signed-in user whose session has a refresh token.")
        yield from exchange(
            self._alone(),
            cli_auth.complete_cli_login(login_code=login_code, refresh_token=tokens.refresh_token),
        )
