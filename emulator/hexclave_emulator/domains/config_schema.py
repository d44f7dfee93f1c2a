"""The schema of project settings: unknown names and values of the wrong type are refused."""

import json
from typing import Any, Final

from hexclave_emulator.checking.description import description
from hexclave_emulator.checking.validation import Validator
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import plain

_DEEPEST: Final = 12
"""Maximum nesting of a value; no setting is deeper."""


def _object(**fields: JsonObject) -> JsonObject:
    return {"type": "object", "properties": fields}


def _record(item: JsonObject) -> JsonObject:
    return {"type": "object", "additionalProperties": item}


def _option(*values: str) -> JsonObject:
    return {"type": "string", "enum": list(values)}


_SWITCH: Final[JsonObject] = {"type": "boolean"}
_TEXT: Final[JsonObject] = {"type": "string"}
_NUMBER: Final[JsonObject] = {"type": "number"}
_FREE: Final[JsonObject] = {}
_TEXT_OR_NULL: Final[JsonObject] = {"type": ["string", "null"]}
_CUSTOMER: Final = _option("user", "team", "custom")
_SIGN_IN: Final = _object(allowSignIn=_SWITCH)
_INTERVAL: Final[JsonObject] = {
    "type": "array",
    "items": {"anyOf": [{"type": "integer"}, _option("day", "week", "month", "year")]},
    "minItems": 2,
    "maxItems": 2,
}
_PRICE: Final = _object(
    **dict.fromkeys(("USD", "EUR", "GBP", "JPY", "INR", "AUD", "CAD"), _TEXT),
    interval=_INTERVAL,
    freeTrial=_INTERVAL,
    serverOnly=_SWITCH,
)
_INCLUDED: Final = _object(
    quantity={"type": "integer", "minimum": 0},
    repeat={"anyOf": [{"const": "never"}, _INTERVAL]},
    expires=_option("never", "when-purchase-expires", "when-repeated"),
)
_PRODUCT: Final = _object(
    displayName=_TEXT,
    customerType=_CUSTOMER,
    productLineId=_TEXT_OR_NULL,
    isAddOnTo={"anyOf": [_SWITCH, _record(_SWITCH)]},
    freeTrial=_INTERVAL,
    serverOnly=_SWITCH,
    stackable=_SWITCH,
    prices={"anyOf": [_record(_PRICE), {"const": "include-by-default"}]},
    includedItems=_record(_INCLUDED),
    clientMetadata=_FREE,
    clientReadOnlyMetadata=_FREE,
    serverMetadata=_FREE,
)
_OAUTH_PROVIDER: Final = _object(
    **dict.fromkeys(
        ("type", "clientId", "clientSecret", "facebookConfigId", "microsoftTenantId", "customCallbackUrl"), _TEXT
    ),
    **dict.fromkeys(("isShared", "allowSignIn", "allowConnectedAccounts"), _SWITCH),
    appleBundles=_FREE,
)
_SIGN_UP_RULE: Final = _object(
    enabled=_SWITCH,
    displayName=_TEXT,
    priority=_NUMBER,
    condition=_TEXT,
    action=_object(type=_option("allow", "reject", "restrict", "log"), message=_TEXT),
)
_SOURCE: Final = _object(displayName=_TEXT, tsxSource=_TEXT, themeId=_FREE)

SETTINGS: Final = _object(
    project=_object(requirePublishableClientKey=_SWITCH),
    rbac=_object(
        permissions=_record(
            _object(
                description=_TEXT_OR_NULL, scope=_option("team", "project"), containedPermissionIds=_record(_SWITCH)
            )
        ),
        defaultPermissions=_object(teamCreator=_record(_SWITCH), teamMember=_record(_SWITCH), signUp=_record(_SWITCH)),
    ),
    apiKeys=_object(enabled=_object(team=_SWITCH, user=_SWITCH)),
    apps=_object(installed=_record(_object(enabled=_SWITCH))),
    teams=_object(createPersonalTeamOnSignUp=_SWITCH, allowClientTeamCreation=_SWITCH),
    users=_object(allowClientUserDeletion=_SWITCH),
    onboarding=_object(requireEmailVerification=_SWITCH),
    domains=_object(allowLocalhost=_SWITCH, trustedDomains=_record(_object(baseUrl=_TEXT, handlerPath=_TEXT))),
    auth=_object(
        allowSignUp=_SWITCH,
        password=_SIGN_IN,
        otp=_SIGN_IN,
        passkey=_SIGN_IN,
        oauth=_object(
            accountMergeStrategy=_option("link_method", "raise_error", "allow_duplicates"),
            providers=_record(_OAUTH_PROVIDER),
        ),
        signUpRules=_record(_SIGN_UP_RULE),
        signUpRulesDefaultAction=_option("allow", "reject"),
    ),
    emails=_object(
        server=_object(
            **dict.fromkeys(("provider", "host", "username", "password", "senderName", "senderEmail"), _TEXT),
            **dict.fromkeys(("managedSubdomain", "managedSenderLocalPart"), _TEXT),
            isShared=_SWITCH,
            port={"type": "integer"},
        ),
        selectedThemeId=_TEXT,
        themes=_record(_SOURCE),
        templates=_record(_SOURCE),
    ),
    payments=_object(
        blockNewPurchases=_SWITCH,
        autoPay=_FREE,
        testMode=_SWITCH,
        productLines=_record(_object(displayName=_TEXT, customerType=_CUSTOMER)),
        products=_record(_PRODUCT),
        items=_record(_object(displayName=_TEXT, customerType=_CUSTOMER)),
    ),
    dbSync=_object(externalDatabases=_record(_FREE)),
    dataVault=_object(stores=_record(_object(displayName=_TEXT))),
    analytics=_object(queryFolders=_record(_FREE)),
    customDashboards=_record(_FREE),
    sourceOfTruth={"type": "object", "additionalProperties": _FREE},
)


def read_settings(text: str) -> JsonObject:
    """Return dotted names and their values from a JSON object.

    Raises:
        Refusal: 400 in plain text: not JSON, an unknown name, or a value of the wrong type.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or _depth(given) > _DEEPEST:
        raise plain(400, "Invalid config JSON")
    for name, value in given.items():
        schema = _schema(name)
        if value is not None:
            _check(schema, name, value)
    return given


def _schema(name: str) -> JsonObject:
    schema: JsonObject = SETTINGS
    parts = name.split(".")
    for number, part in enumerate(parts):
        if not schema:
            break
        properties: JsonObject = schema.get("properties", {})
        inner: JsonObject | None = properties.get(part, schema.get("additionalProperties"))
        if inner is None or not part:
            unknown = ".".join(parts[: number + 1])
            raise plain(400, f'The key "{name}" is not valid (nested object not found in schema: "{unknown}").')
        schema = inner
    return schema


def _check(schema: JsonObject, name: str, value: Any) -> None:
    validator = Validator(description(), "admin", {})
    validator.value(schema, value, name)
    if validator.faults:
        raise plain(400, "\n".join(validator.faults))


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
    return depth
