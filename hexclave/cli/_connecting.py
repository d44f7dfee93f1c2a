"""The app that a command calls."""

import hashlib
import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypeAlias

from hexclave._base_url import DEFAULT_BASE_URL
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._keeping import session_store
from hexclave.cli._profiles import EMULATOR, ENVIRONMENT, KEYS, Profile
from hexclave.cli._state import State
from hexclave_api.operation import AccessType

if TYPE_CHECKING:
    from hexclave import HexclaveAdminApp, HexclaveClientApp, HexclaveServerApp
    from hexclave.tokens import TokenStore
    from hexclave.transport import Transport


AnyApp: TypeAlias = "HexclaveAdminApp | HexclaveClientApp | HexclaveServerApp"
ORDER: tuple[AccessType, ...] = ("server", "admin", "client")
"""The access type of a call is the first of these that offers it and whose key the profile has."""


def chosen_access(profile: Profile, offered: Collection[AccessType], state: State) -> AccessType:
    """Return the access type of a call.

    Raises:
        Failure: the profile lacks every key that would do, or `--as` asks for another access type.
    """
    if state.access is not None:
        if state.access not in offered:
            raise Failure(f"Not available as {state.access}; use --as {' or --as '.join(offered)}.", Exit.USAGE)
        if not profile.holds(state.access):
            raise _missing_key(profile, [state.access])
        return state.access
    for access in ORDER:
        if access in offered and profile.holds(access):
            return access
    raise _missing_key(profile, [access for access in ORDER if access in offered])


def _missing_key(profile: Profile, wanted: Collection[AccessType]) -> Failure:
    names = " or ".join(KEYS[access].replace("_", " ") for access in wanted)
    cure = (
        f"Set {' or '.join('HEXCLAVE_' + KEYS[access].upper() for access in wanted)}."
        if profile.name == ENVIRONMENT
        else f"hexclave-py profile add {profile.name} --{KEYS[next(iter(wanted))].replace('_', '-')} @FILE"
    )
    return Failure(f"The profile {profile.name} has no {names}.", Exit.SIGNED_OUT, cure)


def connect(profile: Profile, access: AccessType, transport: "Transport | None" = None) -> "AnyApp":
    """Return an app of this access type for the project of the profile; close it after use.

    `transport` is that of a dry run.
    """
    import hexclave
    from hexclave.tokens import Tokens

    options: Any = {"base_url": profile.api_url or DEFAULT_BASE_URL}
    if transport is not None:
        options["transport"] = transport

    if access == "server":
        return hexclave.HexclaveServerApp(profile.project_id, profile.keys["secret_server_key"], **options)
    if access == "admin":
        return hexclave.HexclaveAdminApp(profile.project_id, profile.keys["super_secret_admin_key"], **options)
    store = session_of(profile)
    session: TokenStore | Tokens = store
    if transport is not None and (tokens := store.load()) is not None:
        # The request that would be sent, not the refresh that may come before it.
        session = Tokens(tokens.access_token or "would-be-refreshed")
    key = profile.keys.get("publishable_client_key")
    if key is None:
        # Otherwise the app would use one from the environment, which may belong to another project.
        for prefix in ("HEXCLAVE", "STACK"):
            os.environ.pop(f"{prefix}_PUBLISHABLE_CLIENT_KEY", None)
    return hexclave.HexclaveClientApp(profile.project_id, key, session=session, **options)


def session_of(profile: Profile) -> "TokenStore":
    """Return the token store of the user signed in with this profile.

    Raises:
        Failure: what it has stored is damaged.
    """
    name = profile.name
    if name in (ENVIRONMENT, EMULATOR):
        # These refer to different projects at different times.
        place = f"{profile.api_url} {profile.project_id}"
        name = f"{name}-{hashlib.sha256(place.encode()).hexdigest()[:16]}"
    store = session_store(name, profile.kept_in)
    try:
        store.load()
    except ValueError as error:
        raise Failure(str(error), Exit.LOCAL) from None
    return store
