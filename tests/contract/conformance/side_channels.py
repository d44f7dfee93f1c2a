"""Values that a recording sends although no reply contained them, such as codes from emails.

A domain adds a finder with `@finds`: it gets the world, the exchange, the name of the field and the recorded value, and
returns the emulator's value for it, or `None` if the finder does not apply.
"""

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from hexclave_emulator import HttpRequest
from hexclave_emulator.credentials.codes import CODES, Code
from hexclave_emulator.domains import fake_provider
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.mail.messages import MAILS, Mail
from tests.contract.conformance.comparison import BASE_URL
from tests.contract.conformance.recording import Exchange, claims, objects
from tests.contract.conformance.world import World

Finder: TypeAlias = Callable[[World, Exchange, str, str], str | None]
FINDERS: Final[list[Finder]] = []


def finds(finder: Finder) -> Finder:
    """Ask the function for values that nothing explains."""
    FINDERS.append(finder)
    return finder


MAILED: Final = {
    "auth/otp/": "sign_in",
    "auth/password/reset": "reset_password",
    "contact-channels/verify": "verify_email",
    "team-invitations/accept": "team_invitation",
}
"""Paths that take a code from an email, and the type of that code."""


@finds
def find_mailed_code(world: World, exchange: Exchange, name: str, recorded: str) -> str | None:
    """Return the code of the email that the recording's user must have opened."""
    path = exchange.route.partition(" ")[2]
    kind = next((kind for start, kind in MAILED.items() if path.startswith(start)), None)
    if name != "code" or kind is None or len(recorded) != 45:
        return None
    nonce = world.mapping.known.get(recorded[6:])
    if exchange.code == "VERIFICATION_CODE_NOT_FOUND":
        return recorded[:6] + nonce if nonce is not None else None
    used = set(world.mapping.known.values())
    open_codes = [each for each in world.state[CODES] if each.kind == kind and each.code not in used]
    if nonce is not None:
        open_codes = [each for each in open_codes if each.nonce == nonce]
    return _likeliest(world, exchange, open_codes)


def _likeliest(world: World, exchange: Exchange, codes: list[Code]) -> str | None:
    said = claims(world.mapping.known.get(exchange.api.get("access-token", ""), ""))
    channel = primary_channel(world.state, said["sub"]) if said else None
    sent = {mail.code: mail for mail in world.state[MAILS]}
    mine = [each for each in codes if said and _is_for(each, said["sub"], channel.value if channel else None, sent)]
    return (mine or codes)[-1].code if codes else None


def _is_for(code: Code, user_id: str, email: str | None, sent: dict[str | None, Mail]) -> bool:
    """Return true if the code was issued for this user, or sent to the user's primary address."""
    mail = sent.get(code.code)
    return code.data.get("user_id") == user_id or (mail is not None and mail.to == email)


@finds
def find_provider_code(world: World, exchange: Exchange, name: str, recorded: str) -> str | None:
    """Return the code of the OAuth provider for the account that the recording shows afterwards."""
    inner_state = world.mapping.known.get(exchange.query.get("state", ""))
    if name != "code" or inner_state is None or not exchange.route.startswith("GET auth/oauth/callback/"):
        return None
    provider_id = exchange.path.rpartition("/")[2]
    account = next(
        found
        for later in world.exchanges
        if later.seq > exchange.seq
        for found in objects(later.reply)
        if found.get("id") == provider_id and "account_id" in found
    )
    callback = f"{BASE_URL}/api/v1/auth/oauth/callback/{provider_id}"
    form = {"decision": "allow", "email": account["email"], "account_id": account["account_id"], "email_verified": "on"}
    reply = world.emulator.handle(
        HttpRequest(
            "POST",
            fake_provider.PATH,
            [("state", inner_state), ("redirect_uri", callback)],
            content=urlencode(form).encode(),
            base_url=BASE_URL,
        )
    )
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))["code"]
