"""Sign-in with tokens signed by Apple and other services. All are refused, since the emulator cannot verify them."""

from hexclave_emulator.checking.rules import Rule
from hexclave_emulator.domains.oauth_flows import find_provider
from hexclave_emulator.messages.exchange import JsonObject, Reply
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State

_NOT_EMPTY = Rule((lambda value: None if value else "must not be empty",))


@route("POST", "/auth/oauth/callback/apple/native", access=CLIENT)
def sign_in_with_apple(request: Request, _state: State) -> Reply:
    provider = find_provider(request.project, "apple")
    if not provider.get("allowSignIn", True):
        raise known("OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED")
    bundles: JsonObject = provider.get("appleBundles") or {}
    if not any(bundle.get("bundleId") for bundle in bundles.values() if isinstance(bundle, dict)):
        raise known("APPLE_BUNDLE_ID_NOT_CONFIGURED")
    raise known("INVALID_APPLE_CREDENTIALS")


@route("POST", "/auth/external/token", access=CLIENT, rules={"body.token": _NOT_EMPTY})
def exchange_external_token(_request: Request, _state: State) -> Reply:
    raise known("EXTERNAL_AUTH_PROVIDER_NOT_CONFIGURED", reason="provider_disabled")
