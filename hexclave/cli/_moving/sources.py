"""Users as other providers export them, turned into arguments of `users.create`."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hexclave.cli._moving.records import Convert, Found, hash_problems

Fields = Mapping[str, Any]


class _User:
    """Arguments and losses, collected field by field; what is empty is left out."""

    def __init__(self, source: object) -> None:
        self.arguments: dict[str, Any] = {}
        self.losses: list[str] = []
        self._source = str(source or "")

    def set(self, **arguments: Any) -> None:
        self.arguments.update({name: value for name, value in arguments.items() if value not in (None, "", {}, [])})

    def email(self, address: object, verified: object) -> None:
        """The address, with which the user can sign in."""
        if address:
            self.set(primary_email=address, primary_email_verified=_truth(verified), primary_email_auth_enabled=True)

    def hash(self, password_hash: object, algorithm: object = "") -> None:
        if not password_hash:
            return
        unsuitable = next(hash_problems(str(password_hash)), None)
        if unsuitable is None:
            self.set(password_hash=password_hash)
        else:
            self.lose(f"the password: {algorithm or unsuitable}")

    def totp(self, base32: object) -> None:
        """A secret as authenticator apps show it."""
        if base32:
            text = str(base32).replace(" ", "").rstrip("=").upper()
            secret = base64.b32decode(text + "=" * (-len(text) % 8))
            self.set(totp_secret_base64=base64.b64encode(secret).decode())

    def accounts(self, found: Iterable[tuple[object, object, object]]) -> None:
        """Linked accounts: provider, id at the provider, address."""
        linked = [
            {"id": _provider(str(provider)), "account_id": str(account), "email": email or None}
            for provider, account, email in found
            if provider and account
        ]
        self.set(oauth_providers=linked)

    def block(self, blocked: object, reason: str) -> None:
        if _truth(blocked):
            self.set(restricted_by_admin=True, restricted_by_admin_private_details=reason)

    def lose(self, *what: str) -> None:
        self.losses += what

    def lose_if(self, **fields: object) -> None:
        """Losses by name, if they have a value."""
        self.lose(*(name.replace("_", " ") for name, value in fields.items() if value))

    def found(self) -> Found:
        return Found(self.arguments, self._source, (), tuple(self.losses))


def _auth0(row: Fields) -> Found:
    # The export of password hashes is a dump of a database, with other names.
    oid = row.get("_id")
    user = _User(f"auth0|{row.get('alt_id') or oid['$oid']}" if isinstance(oid, dict) else row["user_id"])
    emails = [each for each in row.get("identifiers") or () if each.get("type") == "email"]
    if row.get("email") or not emails:
        user.email(row.get("email"), row.get("email_verified"))
    else:
        user.email(emails[0]["value"], emails[0].get("verified"))
    user.set(
        display_name=row.get("name") if row.get("name") != row.get("email") else row.get("nickname"),
        profile_image_url=row.get("picture"),
        client_metadata=_object(row.get("user_metadata")),
        server_metadata=_object(row.get("app_metadata")),
    )
    user.hash(row.get("passwordHash"))
    user.accounts(
        (each["provider"], each["user_id"], (each.get("profileData") or {}).get("email"))
        for each in row.get("identities") or ()
        if each["provider"] not in _OWN
    )
    user.block(row.get("blocked"), "blocked in Auth0")
    user.lose_if(phone_number=row.get("phone_number"), second_factor=row.get("multifactor"))
    return user.found()


def _clerk(row: Fields) -> Found:
    user = _User(row["id"])
    addresses = {each["id"]: each for each in row.get("email_addresses") or ()}
    primary = addresses.pop(row.get("primary_email_address_id"), None)
    if primary is not None:
        status = (primary.get("verification") or {}).get("status")
        user.email(primary["email_address"], status == "verified")
        others = bool(addresses)
    else:
        email = row.get("primary_email_address")
        verified, unverified = (_parts(row.get(f"{kind}_email_addresses")) for kind in ("verified", "unverified"))
        user.email(email, email in verified)
        others = bool({*verified, *unverified} - {email})
    user.set(
        display_name=_joined(row.get("first_name"), row.get("last_name")) or row.get("username"),
        profile_image_url=row.get("image_url"),
        client_metadata=_object(row.get("unsafe_metadata")),
        client_read_only_metadata=_object(row.get("public_metadata")),
        server_metadata=_object(row.get("private_metadata")),
    )
    hasher = row.get("password_hasher")
    user.hash(row.get("password_digest"), hasher if hasher != "bcrypt" else "")
    user.totp(row.get("totp_secret"))
    user.accounts(
        (each["provider"], each["provider_user_id"], each.get("email_address"))
        for each in row.get("external_accounts") or ()
    )
    user.block(row.get("banned"), "banned in Clerk")
    user.lose_if(phone_number=row.get("primary_phone_number") or row.get("phone_numbers"), other_email_addresses=others)
    return user.found()


def _firebase(row: Fields) -> Found:
    user = _User(row["localId"])
    user.email(row.get("email"), row.get("emailVerified"))
    accounts = row.get("providerUserInfo") or ()
    user.set(
        display_name=row.get("displayName"),
        profile_image_url=row.get("photoUrl"),
        client_read_only_metadata=_object(row.get("customAttributes")),
        is_anonymous=None if row.get("email") or row.get("phoneNumber") or accounts else True,
    )
    user.hash(row.get("passwordHash"), "scrypt of Firebase")
    user.accounts(
        (each["providerId"], each.get("rawId"), each.get("email"))
        for each in accounts
        if each["providerId"] not in ("password", "phone")
    )
    user.block(row.get("disabled"), "disabled in Firebase")
    user.lose_if(phone_number=row.get("phoneNumber"), second_factor=row.get("mfaInfo"))
    return user.found()


def _supabase(row: Fields) -> Found:
    user = _User(row["id"])
    about, kept = _object(row.get("raw_user_meta_data")), _object(row.get("raw_app_meta_data"))
    user.email(row.get("email"), bool(row.get("email_confirmed_at")))
    user.set(
        display_name=about.get("full_name") or about.get("name"),
        profile_image_url=about.get("avatar_url") or about.get("picture"),
        client_metadata=about,
        server_metadata={name: value for name, value in kept.items() if name not in ("provider", "providers")},
        is_anonymous=True if _truth(row.get("is_anonymous")) else None,
    )
    user.hash(row.get("encrypted_password"))
    identities = _list(row.get("identities"))
    user.accounts(
        (each["provider"], each.get("provider_id") or each.get("id"), (each.get("identity_data") or {}).get("email"))
        for each in identities
        if each["provider"] not in ("email", "phone")
    )
    user.block(bool(row.get("banned_until")), "banned in Supabase")
    linked = [name for name in kept.get("providers") or () if name not in ("email", "phone")]
    if linked and not identities:
        user.lose(f"linked accounts ({', '.join(linked)}): export auth.identities with the users")
    user.lose_if(phone_number=row.get("phone"))
    return user.found()


def _cognito(row: Fields) -> Found:
    given = {each["Name"]: each["Value"] for each in row.get("Attributes") or row["UserAttributes"]}
    user = _User(given.get("sub") or row["Username"])
    user.email(given.get("email"), given.get("email_verified"))
    custom = {name.removeprefix("custom:"): value for name, value in given.items() if name.startswith("custom:")}
    user.set(
        display_name=given.get("name") or _joined(given.get("given_name"), given.get("family_name")),
        profile_image_url=given.get("picture"),
        client_read_only_metadata=custom,
    )
    user.accounts((each["providerName"], each["userId"], None) for each in _list(given.get("identities")))
    user.block(row.get("Enabled") is False, "disabled in Cognito")
    if row.get("UserStatus") in ("CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD"):
        user.lose("the password: Cognito exports none")
    user.lose_if(phone_number=given.get("phone_number"), second_factor=row.get("UserMFASettingList"))
    return user.found()


def _workos(row: Fields) -> Found:
    user = _User(row["id"])
    user.email(row["email"], row.get("email_verified"))
    user.set(
        display_name=_joined(row.get("first_name"), row.get("last_name")),
        profile_image_url=row.get("profile_picture_url"),
        client_read_only_metadata=_object(row.get("metadata")),
    )
    user.lose("password and linked accounts: WorkOS exports none")
    return user.found()


def _better_auth(row: Fields) -> Found:
    def of(fields: Fields, name: str) -> Any:
        """A column in the spelling of the library, or of a database."""
        return fields.get(name, fields.get("".join(f"_{each.lower()}" if each.isupper() else each for each in name)))

    user = _User(row["id"])
    user.email(row.get("email"), of(row, "emailVerified"))
    user.set(
        display_name=row.get("name"),
        profile_image_url=row.get("image"),
        is_anonymous=True if _truth(of(row, "isAnonymous")) else None,
    )
    accounts = _list(row.get("accounts", row.get("account")))
    for each in accounts:
        if of(each, "providerId") == "credential":
            user.hash(each.get("password"))
    user.accounts(
        (of(each, "providerId"), of(each, "accountId"), None)
        for each in accounts
        if of(each, "providerId") != "credential"
    )
    user.block(row.get("banned"), "banned in Better Auth")
    user.lose_if(phone_number=of(row, "phoneNumber"), second_factor=_truth(of(row, "twoFactorEnabled")))
    return user.found()


SOURCES: Final[Mapping[str, Convert | None]] = {
    "jsonl": None,
    "csv": None,
    "auth0": _auth0,
    "clerk": _clerk,
    "firebase": _firebase,
    "supabase": _supabase,
    "cognito": _cognito,
    "workos": _workos,
    "better-auth": _better_auth,
}
"""By the values of `--from`; `None` for the fields of the API."""

_OWN: Final = ("auth0", "email", "sms")
_PROVIDERS: Final[Mapping[str, str]] = {
    "google-oauth2": "google",
    "windowslive": "microsoft",
    "waad": "microsoft",
    "azure": "microsoft",
    "signinwithapple": "apple",
    "loginwithamazon": "amazon",
    "linkedin_oidc": "linkedin",
    "twitter": "x",
}


def _provider(name: str) -> str:
    """The provider's id in a project."""
    short = name.lower().removeprefix("oauth_").removesuffix(".com")
    return _PROVIDERS.get(short, short)


def _truth(value: object) -> bool:
    return value.lower() in ("true", "t", "1") if isinstance(value, str) else bool(value)


def _object(value: object) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) and value else value
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    found = json.loads(value) if isinstance(value, str) and value else value
    return found if isinstance(found, list) else []


def _parts(value: object) -> list[str]:
    """Addresses in one cell."""
    return [part.strip() for part in str(value or "").replace("|", ",").replace(";", ",").split(",") if part.strip()]


def _joined(*names: object) -> str:
    return " ".join(str(name) for name in names if name)
