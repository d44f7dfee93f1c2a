"""Signing in a command-line program by way of a browser."""

from datetime import UTC, datetime, timedelta
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
    """A login of a command-line program that the user still has to confirm in a browser."""

    url: Secret
    """The page to open; holds the login code."""
    login_code: Secret
    polling_code: Secret
    expires_at: datetime


class CliLogin(SigningIn):
    """Flows."""

    def start_cli_login(
        self, *, app_url: str, expires_in: timedelta | None = None, anon_refresh_token: SecretText | Unset = UNSET
    ) -> Steps[PendingCliLogin]:
        """The start of a login for a command-line program: show its `url`, then `finish_cli_login`. POST /auth/cli.

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
                expires_at=datetime.fromisoformat(started.expires_at).astimezone(UTC),
            )

        return (yield from exchange(self._alone(), operation.mapped(pending)))

    def finish_cli_login(
        self, pending: PendingCliLogin, *, poll_every: timedelta = timedelta(seconds=2), within: timedelta | None = None
    ) -> Steps[None]:
        """Waits until the user has confirmed; then the session is signed in. POST /auth/cli/poll.

        Asks every `poll_every` until the login expires, or gives up after `within`.

        Raises:
            CliAuthExpiredError: nobody confirmed in time.
            CliAuthUsedError: another program has fetched this login.
            TotalTimeout: `within` is over; the login may still be confirmed, so it can be waited for again.
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
                raise CliAuthUsedError("Another program has already fetched this login.")
            if answer.status != "waiting":
                raise CliAuthExpiredError("Nobody confirmed the login in time.")
            if ends is not None and app.clock.monotonic() + wait > ends:
                raise TotalTimeout(f"Nobody confirmed the login within {within}.")
            yield Sleep(wait)

    def confirm_cli_login(self, login_code: SecretText) -> Steps[None]:
        """Signs the program in as the session's user: what the confirmation page does. POST /auth/cli/complete.

        Raises:
            BadRequestError: nothing waits under this code, or no longer.
            UnsafeUseError: nobody is signed in with a refresh token.
        """
        login_code, session = hidden(login_code), self._session()
        tokens = yield session.load()
        if tokens is None or tokens.refresh_token is None:
            raise UnsafeUseError("confirm_cli_login needs a signed-in user whose session has a refresh token.")
        yield from exchange(
            self._alone(),
            cli_auth.complete_cli_login(login_code=login_code, refresh_token=tokens.refresh_token),
        )
