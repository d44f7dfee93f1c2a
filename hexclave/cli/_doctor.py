"""`doctor`: checks of the environment, the keys, the clock and the server, each with a cure."""

import importlib.metadata
import os
import re
import time
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import attrs
import click

from hexclave import credentials
from hexclave._base_url import DEFAULT_BASE_URL, checked_base_url
from hexclave._version import __version__
from hexclave.cli._asking import ask
from hexclave.cli._connecting import ORDER, connect, session_of
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._output import for_people, print_items, print_line
from hexclave.cli._profiles import KEYS, NAMES, Profile, load, variable
from hexclave.cli._state import common_options, current
from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave.transport import Reply
from hexclave_api.operation import AccessType

Status: TypeAlias = Literal["ok", "warning", "error", "skipped"]

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OTHER_NAMES: Final = ("PROFILE", "APP_URL", "WEBHOOK_SECRET")
_SKEW_WARNING: Final = 30
_SKEW_ERROR: Final = 240
"""Seconds. Webhooks are rejected from 300 on, and access tokens live for 600."""
_PROBES: Final[dict[AccessType, str]] = {
    "server": "GET /users",
    "admin": "GET /internal/projects/current",
    "client": "GET /projects/current",
}


@attrs.frozen
class Finding:
    """The result of one check."""

    check: str
    status: Status
    message: str
    cure: str = ""


@click.command("doctor", params=common_options(("profile", "json")))
def doctor_command() -> None:
    """Find out why calls fail: checks versions, variables, keys, the address, the clock and the server.

    Each problem comes with a solution. The exit status is 1 if there is an error. Sends only read-only requests; keys
    are sent to the configured address only, and never printed.
    """
    findings: list[Finding] = []
    for finding in examined():
        findings.append(finding)
        if for_people():
            _print(finding)
        else:
            print_items([finding])
    if any(finding.status == "error" for finding in findings):
        raise click.exceptions.Exit(Exit.REFUSED)


_MARKS: Final[dict[Status, tuple[str, str]]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "error": ("✗", "red"),
    "skipped": ("-", "bright_black"),
}


def _print(finding: Finding) -> None:
    mark, color = _MARKS[finding.status]
    styled = mark if os.environ.get("NO_COLOR") else click.style(mark, fg=color)
    click.echo(f"{styled} ", nl=False)
    print_line(f"{finding.check}: {finding.message}")
    if finding.cure:
        print_line(f"    → {finding.cure}")


def examined() -> Iterator[Finding]:
    """Yield the findings as they become available."""
    yield from _versions()
    yield from _variables()
    try:
        profile = load(current().profile)
    except Failure as failure:
        yield Finding("profile", "error", failure.format_message(), failure.hint)
        return
    yield Finding("profile", "ok", f"{profile.name}, project {profile.project_id}")
    yield from _project_id(profile)
    address_problems = list(_address(profile))
    yield from address_problems
    keys = list(_key_forms(profile))
    yield from keys
    if any(each.status == "error" for each in address_problems):
        yield Finding("server", "skipped", "The address must be corrected first.")
        return
    reply, found = _reached(profile)
    yield found
    if reply is None:
        return
    yield from _clock(reply)
    yield from _signing_keys(profile)
    usable: list[AccessType] = [
        access for access in ORDER if access == "client" or f"{access} key" not in _names_of_errors(keys)
    ]
    for access in usable:
        if access == "client" or profile.holds(access):
            yield _access(profile, access)
    yield _session(profile)


def _names_of_errors(findings: list[Finding]) -> set[str]:
    return {each.check for each in findings if each.status == "error"}


def _versions() -> Iterator[Finding]:
    found = [f"hexclave {__version__}"]
    for package in ("click", "rich", "keyring", "mcp", "httpx", "cryptography"):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    yield Finding("versions", "ok", ", ".join(found))


def _variables() -> Iterator[Finding]:
    problems = False
    for name in NAMES:
        try:
            value = variable(name)
        except Failure as failure:
            problems = True
            yield Finding("environment", "error", failure.format_message(), failure.hint)
            continue
        if value is not None and value != value.strip():
            problems = True
            yield Finding("environment", "error", f"{name} begins or ends with whitespace.", "Remove it.")
        elif value is not None and value[0] in "\"'" and value[-1] == value[0]:
            problems = True
            cure = "Remove them; not every tool that reads .env files does."
            yield Finding("environment", "error", f"HEXCLAVE_{name} is in quotes.", cure)
    for variable_name in sorted(os.environ):
        prefix, _, name = variable_name.partition("_")
        if prefix in ("HEXCLAVE", "STACK") and name not in (*NAMES, *_OTHER_NAMES):
            close = get_close_matches(name, NAMES, n=1, cutoff=0.75)
            if close:
                problems = True
                yield Finding(
                    "environment", "warning", f"{variable_name} is not read.", f"Did you mean {prefix}_{close[0]}?"
                )
    if not problems:
        yield Finding("environment", "ok", "no contradictions")


def _project_id(profile: Profile) -> Iterator[Finding]:
    if profile.project_id != "internal" and not _UUID.fullmatch(profile.project_id):
        cure = "Copy it from the dashboard: a UUID."
        yield Finding("project ID", "warning", f"{profile.project_id!r} does not look like one.", cure)


def _address(profile: Profile) -> Iterator[Finding]:
    given = profile.api_url
    if given is None:
        yield Finding("address", "ok", f"{DEFAULT_BASE_URL} (the default)")
        return
    try:
        url = checked_base_url(given, allow_insecure_http=False)
    except UnsafeUseError as error:
        yield Finding("address", "error", error.message, _address_cure(given))
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.startswith(("app.", "dashboard.")) or parts.port == 8101:
        cure = f"Use the API's address, such as {url.replace('app.', 'api.', 1).replace(':8101', ':8102')}."
        yield Finding("address", "warning", f"{url} looks like the dashboard, not the API.", cure)
    elif parts.path not in ("", "/"):
        yield Finding("address", "warning", f"{url} has a path.", "Leave it out unless a proxy adds one.")
    else:
        yield Finding("address", "ok", url)


def _address_cure(given: str) -> str:
    text = given.strip().rstrip("/")
    if text.endswith("/api/v1"):
        return f"Use {text.removesuffix('/api/v1')}."
    if "://" not in text:
        return f"Use https://{text}."
    return f"Use {text.replace('http://', 'https://', 1)}." if text.startswith("http://") else ""


def _key_forms(profile: Profile) -> Iterator[Finding]:
    for access, name in KEYS.items():
        secret = profile.keys.get(name)
        if secret is None:
            if access != "client":
                yield Finding(f"{access} key", "skipped", f"There is no {name.replace('_', ' ')}.")
            continue
        try:
            credentials.checked(secret, name)
        except UnsafeUseError as error:
            yield Finding(f"{access} key", "error", error.message, "Copy the key again from the dashboard.")


def _reached(profile: Profile) -> tuple[Reply | None, Finding]:
    url = f"{(profile.api_url or DEFAULT_BASE_URL).rstrip('/')}/api/v1"
    started = time.monotonic()
    try:
        reply = ask("GET", url)
    except HexclaveError as error:
        return None, Finding("server", "error", error.message, error.hint)
    spent = f"{(time.monotonic() - started) * 1000:.0f} ms"
    if reply.status in (301, 302, 307, 308):
        target = reply.headers.get("location", "elsewhere").partition("?")[0]
        return None, Finding("server", "error", f"{url} redirects to {target}.", "Use the address it redirects to.")
    if "x-stack-actual-status" not in reply.headers and reply.status >= 400:
        message = f"{url} answered {reply.status}, and does not look like the API."
        return None, Finding("server", "error", message, "Check the address, and proxies in front of it.")
    return reply, Finding("server", "ok", f"answered in {spent}")


def _clock(reply: Reply) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(reply.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        yield Finding("clock", "skipped", "The server sent no date.")
        return
    skew = time.time() - theirs
    if abs(skew) < _SKEW_WARNING:
        yield Finding("clock", "ok", "agrees with the server's")
        return
    status: Status = "error" if abs(skew) > _SKEW_ERROR else "warning"
    message = f"This machine is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server."
    yield Finding("clock", status, message, "Set the clock (NTP): tokens and webhooks look expired, or not yet valid.")


def _signing_keys(profile: Profile) -> Iterator[Finding]:
    base = (profile.api_url or DEFAULT_BASE_URL).rstrip("/")
    try:
        reply = ask("GET", f"{base}/api/v1/projects/{profile.project_id}/.well-known/jwks.json")
        found = reply.json()
        keys = found["keys"] if isinstance(found, dict) else []
        usable = [key for key in keys if key.get("alg", "ES256") == "ES256" and key.get("kid")]
    except (HexclaveError, ValueError, KeyError, TypeError, AttributeError):
        usable = []
    if usable:
        yield Finding("signing keys", "ok", f"{len(usable)} for access tokens")
    else:
        cure = "Check the project ID; access tokens cannot be verified without."
        yield Finding("signing keys", "error", "The project's signing keys cannot be read.", cure)


def _access(profile: Profile, access: AccessType) -> Finding:
    check = f"{access} access"
    probes: dict[AccessType, Callable[[], object]]
    try:
        with connect(profile, access) as app:
            quick = app.options(retries=1, timeout=15.0)
            probes = {
                "server": lambda: quick.users.list(limit=1),  # type: ignore[union-attr]
                "admin": lambda: quick.project.get(),
                "client": lambda: quick.project.get(),
            }
            probes[access]()
    except HexclaveError as error:
        return Finding(check, "error", error.message, error.hint)
    return Finding(check, "ok", f"{_PROBES[access]} works")


def _session(profile: Profile) -> Finding:
    try:
        tokens = session_of(profile).load()
    except (Failure, OSError, ValueError) as error:
        return Finding("session", "error", str(error), "hexclave-py logout, then login")
    if tokens is None:
        return Finding("session", "skipped", "No user is signed in.")
    try:
        with connect(profile, "client") as app:
            app.me.get()
    except HexclaveError as error:
        return Finding("session", "error", error.message, "hexclave-py login")
    return Finding("session", "ok", "signed in")
