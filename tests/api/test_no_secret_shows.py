"""Marked secrets in everything that is read, sent or raised: no representation may contain the mark."""

import inspect
import json
import pickle
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict
from urllib.parse import quote

import attrs
import pytest

import hexclave_api
from hexclave import errors
from hexclave._engine.body import content
from hexclave_api import models
from hexclave_api.model import Model
from hexclave_api.operation import Operation, Unset
from hexclave_api.secret import Secret
from hexclave_api.value import evolve
from tests.playing import reply
from tests.surface.recording import recorded

MARK: Final = "marked-and-never-to-be-shown"
FIELDS: Final = {name: getattr(models, name).layout().fields for name in models.__all__}


def sample(shape: Any, depth: int = 0) -> Any:
    """Return JSON of this type, with the mark for every secret."""
    origin, args = get_origin(shape), get_args(shape)
    if shape is Secret:
        return MARK
    if isinstance(shape, type) and issubclass(shape, Model):
        return {field.key: sample(field.shape, depth + 1) for field in shape.layout().fields} if depth < 9 else None
    if is_typeddict(shape):
        hints = get_type_hints(shape)
        return {name: sample(hint, depth + 1) for name, hint in hints.items()} if depth < 9 else {}
    if origin is Annotated:
        return sample(args[0], depth)
    if origin in (Union, types.UnionType):
        wanted = sorted((each for each in args if each not in (types.NoneType, Unset)), key=lambda each: each is str)
        return sample(Secret if Secret in wanted else wanted[0], depth)
    if origin is Literal:
        return args[0]
    if origin in (tuple, Sequence):
        return [sample(args[0], depth + 1)]
    if origin is Mapping:
        return {"name": sample(args[1], depth + 1)}
    simple = {str: "text", bool: True, int: 1, float: 1.5, datetime: datetime(2030, 1, 1, tzinfo=UTC)}
    return simple.get(shape, date(2030, 1, 1) if shape is date else {})


def views(value: object) -> Iterator[str]:
    """Return all representations of an object."""
    yield from (repr(value), str(value), f"{value}", f"{value!r:>1}", str(vars(value)), repr(pickle.dumps(value)))
    if attrs.has(type(value)):
        yield str(attrs.asdict(value))  # type: ignore[call-overload]
    try:
        held = value  # noqa: F841 - a frame that holds it
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        yield "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def check_shows_nothing(value: object) -> None:
    for view in views(value):
        assert MARK not in view


@pytest.mark.parametrize("name", models.__all__)
def test_models_show_no_secret(name: str) -> None:
    data = sample(getattr(models, name))
    model = getattr(models, name).from_dict(data)
    assert model.to_dict(reveal=True) == data
    check_shows_nothing(model)
    assert MARK not in model.to_json()


def test_the_models_hold_secrets() -> None:
    """Otherwise the test above would have nothing to check."""
    holders = {name for name in FIELDS if any(sample(field.shape) == MARK for field in FIELDS[name])}
    assert {"CreatedUserApiKey", "SignInResult", "ServiceEnvVar", "Link", "CliLogin", "SentSignInCode"} <= holders


def described(name: str) -> Operation[Any]:
    function = hexclave_api.OPERATIONS[name].function
    hints = get_type_hints(function, localns=vars(hexclave_api.operation))
    given = {parameter: sample(hints[parameter]) for parameter in inspect.signature(function).parameters}
    return function(**given)


@pytest.mark.parametrize("name", hexclave_api.OPERATIONS)
def test_operations_show_no_secret_and_send_it(name: str) -> None:
    function = hexclave_api.OPERATIONS[name].function
    operation = described(name)
    check_shows_nothing(evolve(operation, parse=str))
    hints = get_type_hints(function, localns=vars(hexclave_api.operation))
    given = json.dumps([sample(hint) for hint in hints.values()], default=str)
    sent = f"{(content(operation) or b'').decode()} {operation.url}"
    assert (MARK in given) == (MARK in sent)


def test_a_secret_is_sent_like_its_text() -> None:
    from hexclave_api.operations.auth import sign_in_with_password
    from hexclave_api.operations.oauth import exchange_oauth_token

    both = [sign_in_with_password(email="a@example.com", password=each) for each in (MARK, Secret(MARK))]
    assert both[0] == both[1]
    assert json.loads(content(both[0]) or b"") == {"email": "a@example.com", "password": MARK}
    form = exchange_oauth_token(
        grant_type="refresh_token", client_id="c", client_secret="s", refresh_token=Secret("r&")
    )
    assert b"refresh_token=r%26" in (content(form) or b"")


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_show_no_secret(name: str) -> None:
    kind = getattr(errors, name)
    if not (isinstance(kind, type) and issubclass(kind, errors.HexclaveError)):
        return
    secret = [each for each in kind._detail_names if getattr(kind, each).kind is Secret]
    error = kind("text", details={getattr(kind, each).key: MARK for each in secret})
    assert all(getattr(error, each).reveal() == MARK for each in secret)
    check_shows_nothing(error)
    assert MARK not in error.explain()


ECHOES: Final = {
    "its text": lambda text: text,
    "JSON in the text": lambda text: f"body was {json.dumps({'password': text})}",
    "percent-encoded": lambda text: f"query was password={quote(text, safe='')}",
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_sent_secrets_are_masked_in_the_servers_text(echo: Callable[[str], str]) -> None:
    password, said = f'{MARK} "é', echo(f'{MARK} "é')
    body = {"code": "SCHEMA_ERROR", "error": said, "details": {"message": said, "sent": [{"again": said}]}}
    recording = recorded("client", lambda *_: reply(400, body))
    with pytest.raises(errors.SchemaError) as caught:
        recording.app.auth.sign_in_with_password(email="ada@example.com", password=password)
    assert MARK in json.dumps(recording.sent)
    check_shows_nothing(caught.value)
    assert MARK not in caught.value.explain() + shown_beyond(caught.value)


def test_a_key_of_any_form_is_masked_where_a_server_repeats_it() -> None:
    app = recorded("server", lambda *_: reply(400, "You sent example-key!")).app.options()
    key = next(value for name, value in app._context.static_headers().items() if name.endswith("server-key"))
    recording = recorded("server", lambda *_: reply(400, f"You sent {key}!"))
    with pytest.raises(errors.BadRequestError, match="You sent …!"):
        recording.app.users.get("u1")


def test_a_short_secret_does_not_tear_the_text_apart() -> None:
    recorded_app = recorded("client", lambda *_: reply(400, "a bad code")).app
    with pytest.raises(errors.BadRequestError, match="a bad code"):
        recorded_app.auth.sign_in_with_mfa("attempt", totp="a")


@pytest.mark.parametrize(
    "misuse",
    [
        lambda app: app.users.create(password=MARK, typo=1),
        lambda app: app.users.create(MARK, MARK),
        lambda app: app.users.set_password(5, MARK),
        lambda app: app.users.set_password("", MARK),
        lambda app: app.users.get_by_api_key(MARK),
        lambda app: app.project_secrets.set("k", MARK, typo=1),
        lambda app: app.data_vault.set("v", "k", MARK, secret=None),
    ],
)
def test_a_call_that_is_refused_before_it_is_made_shows_no_argument(misuse: Callable[[Any], object]) -> None:
    recording = recorded("server")
    with pytest.raises((TypeError, ValueError, errors.HexclaveError)) as caught:
        misuse(recording.app)
    assert MARK not in shown_beyond(caught.value) + str(caught.value)
    assert recording.sent == []


def test_a_login_under_way_shows_no_code() -> None:
    answer = {"polling_code": MARK, "login_code": MARK, "expires_at": "2030-01-01T12:00:00Z"}
    recording = recorded("client", lambda *_: reply(200, answer))
    pending = recording.app.auth.start_cli_login(app_url="https://app.example.com")
    for view in (repr(pending), str(attrs.asdict(pending)), repr(pickle.dumps(pending))):
        assert MARK not in view
    assert pending.url.reveal() == f"https://app.example.com/handler/cli-auth-confirm?login_code={MARK}"


def test_a_sign_in_under_way_shows_neither_url_nor_state() -> None:
    started = recorded("client").app.auth.start_oauth("github", redirect_uri="https://app.example.com/back")
    secrets = [started.url.reveal(), started.state.reveal(), started.code_verifier.reveal()]
    for view in (repr(started), str(attrs.asdict(started)), repr(pickle.dumps(started))):
        assert not [secret for secret in secrets if secret in view]


def shown_beyond(error: BaseException) -> str:
    """Return the traceback with the locals of all frames but the test's own."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals["__name__"] == __name__:
        trace = trace.tb_next
    shown = traceback.TracebackException(type(error), error, trace, capture_locals=True).format()
    return "".join(shown) + f"{error.__context__!r}{error.__cause__!r}"
