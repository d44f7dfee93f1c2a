"""`login`, `logout` and `whoami`."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import attrs
import click

from hexclave.cli._connecting import connect, session_of
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._output import note, print_result, shown
from hexclave.cli._profile_commands import stored
from hexclave.cli._profiles import KEYS, Profile, load
from hexclave.cli._state import common_options, current
from hexclave.cli._values import DurationType
from hexclave.errors import CliAuthExpiredError, TotalTimeout

if TYPE_CHECKING:
    from hexclave import HexclaveClientApp


@click.command("login", params=common_options(("profile",)))
@click.option("--project-id", help="Sign in to this project, and keep it as a profile.")
@click.option("--api-url", help="Base URL of a self-hosted API, without /api/v1.")
@click.option("--app-url", help="The web app that hosts the project's sign-in pages, such as https://app.example.com.")
@click.option("--publishable-client-key", help="The project's publishable client key, if it requires one.")
@click.option("--within", type=DurationType(), default="10m", show_default=True, help="How long to wait.")
@click.option("--browser/--no-browser", default=True, help="Open the page, or only print its address.")
def login_command(
    project_id: str | None,
    api_url: str | None,
    app_url: str | None,
    publishable_client_key: str | None,
    within: timedelta,
    browser: bool,
) -> None:
    """Sign in with the browser.

    Prints the address of a page of the project's web app, opens it, and waits until the sign-in is confirmed there. The
    tokens go to the keyring of the operating system if the package `keyring` is installed and finds one, else to a file
    that only you can read.

    POST /auth/cli, POST /auth/cli/poll.
    """
    state = current()
    if project_id is not None:
        profile = stored(
            state.profile or "default",
            project_id=project_id,
            api_url=api_url,
            app_url=app_url,
            keys={"publishable_client_key": publishable_client_key},
        )
    else:
        if api_url is not None or publishable_client_key is not None:
            raise click.UsageError("--api-url and --publishable-client-key need --project-id.")
        profile = load(state.profile)
    page = app_url or profile.app_url
    if page is None:
        raise Failure(
            "The web app that confirms the sign-in is unknown.", Exit.USAGE, "Pass --app-url https://app.example.com."
        )
    with _client(profile) as app:
        pending = app.auth.start_cli_login(app_url=page, expires_in=within)
        print(f"Confirm in your browser: {shown(pending.url.reveal())}", file=sys.stderr, flush=True)
        if browser and sys.stderr.isatty():
            import webbrowser

            webbrowser.open(pending.url.reveal())
        try:
            app.auth.finish_cli_login(pending, poll_every=timedelta(seconds=1), within=within)
        except (CliAuthExpiredError, TotalTimeout):
            raise Failure("The sign-in was not confirmed in time.", Exit.SIGNED_OUT, "hexclave-py login") from None
        user = app.me.get()
        note(f"Signed in as {shown(user.primary_email or user.display_name or user.id)}.", always=True)


def _client(profile: Profile) -> "HexclaveClientApp":
    return cast("HexclaveClientApp", connect(profile, "client"))


@click.command("logout", params=common_options(("profile",)))
def logout_command() -> None:
    """Sign out: end the session and forget its tokens. DELETE /auth/sessions/current."""
    profile = load(current().profile)
    if session_of(profile).load() is None:
        note("No user is signed in.")
        return
    with _client(profile) as app:
        app.auth.sign_out()
    note("Signed out.")


@attrs.frozen
class Identity:
    """The access that a profile gives."""

    profile: str
    project_id: str
    api_url: str
    access: list[str]
    user_id: str | None
    email: str | None
    name: str | None


@click.command("whoami", params=common_options(("profile", "json")))
def whoami_command() -> None:
    """Show the project, the access types that its keys allow, and the signed-in user. GET /users/me.

    The exit status is 3 if no user is signed in and the profile has no secret key.
    """
    profile = load(current().profile)
    keys = [access for access in ("server", "admin") if KEYS[access] in profile.keys]
    user = None
    if session_of(profile).load() is not None:
        with _client(profile) as app:
            user = app.me.find()
    print_result(
        Identity(
            profile.name,
            profile.project_id,
            profile.api_url or "https://api.hexclave.com",
            ["client", *keys],
            None if user is None else user.id,
            None if user is None else user.primary_email,
            None if user is None else user.display_name,
        )
    )
    if user is None:
        if not keys:
            raise Failure("No user is signed in.", Exit.SIGNED_OUT, "hexclave-py login")
        note("No user is signed in; the keys work without.")
