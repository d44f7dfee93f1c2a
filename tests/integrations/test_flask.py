"""Flask: the extension, `current_user`, decorators in every combination."""

import pytest
from flask import Blueprint, Flask, jsonify
from werkzeug.exceptions import HTTPException

from hexclave import HexclaveServerApp
from hexclave.errors import APIConnectionError, UnsafeUseError
from hexclave.integrations.flask import (
    Hexclave,
    RefusedError,
    api_app,
    authenticate,
    current_user,
    optional_user,
    require_permission,
    require_team_member,
    require_user,
)
from hexclave.verify import SignedOut


def bearer(token):
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def app(world):
    app = Flask(__name__)
    app.testing = True
    Hexclave(app, world.emulator.server_app)
    return app


def test_current_user_answers_401_without_any_decorator(app, world):
    @app.get("/me")
    def me():
        return {"user": current_user.user_id}

    assert app.test_client().get("/me").json["code"] == "USER_AUTHENTICATION_REQUIRED"
    assert app.test_client().get("/me", headers=bearer(world.token)).json == {"user": world.user_id}


def test_current_user_is_whom_the_decorator_admitted(app, world):
    @app.get("/cart")
    @require_user(allow_anonymous=True)
    def cart():
        return {"anonymous": current_user.claims.is_anonymous}

    @app.get("/me")
    def me():
        return {"user": current_user.user_id}

    client = app.test_client()
    assert client.get("/cart", headers=bearer(world.anonymous)).json == {"anonymous": True}
    assert client.get("/me", headers=bearer(world.anonymous)).status_code == 403


def test_nothing_is_left_for_the_next_request_when_an_application_context_is_held(app, world):
    @app.get("/me")
    def me():
        user = optional_user()
        return {"user": user and user.user_id}

    with app.app_context():
        client = app.test_client()
        assert client.get("/me", headers=bearer(world.token)).json == {"user": world.user_id}
        assert client.get("/me").json == {"user": None}


def test_all_decorators_of_a_view_count(app, world):
    @app.get("/teams/<uuid:team_id>")
    @require_permission("read_reports")
    @require_team_member("team_id")
    def both(team_id):
        return {}

    client = app.test_client()
    for token in (world.reader, world.member):
        assert client.get(f"/teams/{world.team_id}", headers=bearer(token)).status_code == 403
    world.app.teams.members.add(world.team_id, reader_id := client_id(app, world.reader))
    try:
        assert client.get(f"/teams/{world.team_id}", headers=bearer(world.reader)).status_code == 200
    finally:
        world.app.teams.members.remove(world.team_id, reader_id)


def client_id(app, token):
    with app.test_request_context(headers=bearer(token)):
        return current_user.user_id


def test_async_views_are_guarded(app, world):
    @app.get("/me")
    @require_user
    async def me():
        return {"user": current_user.user_id}

    assert app.test_client().get("/me").status_code == 401
    assert app.test_client().get("/me", headers=bearer(world.token)).json == {"user": world.user_id}


def test_options_of_the_extension_hold_where_a_view_says_nothing_else(world):
    app = Flask(__name__)
    hexclave = Hexclave(make_app=world.emulator.server_app, allow_anonymous=True)
    pages = Blueprint("pages", __name__)

    @pages.get("/cart")
    @require_user
    def cart():
        return {}

    @pages.get("/me")
    @require_user(allow_anonymous=False)
    def me():
        return {}

    app.register_blueprint(pages)
    hexclave.init_app(app)
    client = app.test_client()
    assert client.get("/cart", headers=bearer(world.anonymous)).status_code == 200
    assert client.get("/me", headers=bearer(world.anonymous)).status_code == 403


def test_cookies_sign_in_only_where_they_are_asked_for(app, world):
    @app.get("/page")
    @require_user(cookies=True)
    def page():
        return {}

    @app.get("/me")
    @require_user
    def me():
        return {}

    cookies = f'stack-refresh-{world.emulator.project.project_id}=r; stack-access=["r","{world.token}"]'
    client = app.test_client(use_cookies=False)
    assert client.get("/page", headers={"cookie": cookies}).status_code == 200
    assert client.get("/me", headers={"cookie": cookies}).status_code == 401


def test_the_user_is_optional_on_request(app, world):
    @app.get("/who")
    def who():
        assert isinstance(api_app(), HexclaveServerApp)
        return {"nobody": isinstance(authenticate(), SignedOut)}

    assert app.test_client().get("/who").json == {"nobody": True}
    assert app.test_client().get("/who", headers=bearer(world.expired)).json == {"nobody": False}


def test_refusals_can_be_worded_by_the_application(app):
    @app.errorhandler(RefusedError)
    def refuse(error):
        return jsonify(problem=error.body["code"]), error.code

    @app.get("/me")
    @require_user
    def me():
        return {}

    response = app.test_client().get("/me")
    assert (response.status_code, response.json) == (401, {"problem": "USER_AUTHENTICATION_REQUIRED"})
    assert response.headers["cache-control"] == "private, no-store"


def test_a_view_that_makes_errors_of_its_own_is_left_alone(app, world):
    @app.errorhandler(HTTPException)
    def other(error):
        return jsonify(status=error.code), error.code

    assert app.test_client().get("/nowhere").json == {"status": 404}


def test_an_answer_of_ones_own_keeps_what_it_says_of_caches(app, world):
    @app.get("/page")
    @require_user
    def page():
        return {}, {"cache-control": "private, max-age=5"}

    response = app.test_client().get("/page", headers=bearer(world.token))
    assert response.headers["cache-control"] == "private, max-age=5"


def test_missing_keys_stop_the_program(monkeypatch):
    for name in ("HEXCLAVE_PROJECT_ID", "STACK_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UnsafeUseError, match="project_id"):
        Hexclave(Flask(__name__))


def test_wrong_options_stop_the_program_where_they_are_written(world):
    with pytest.raises(UnsafeUseError, match="Unknown option cookie:"):
        Hexclave(make_app=world.emulator.server_app, cookie=True)
    with pytest.raises(UnsafeUseError, match="mode"):
        require_user(mode="apy")
    with pytest.raises(UnsafeUseError, match="permission"):
        require_permission(None)


def test_an_application_without_hexclave_says_what_to_do():
    app = Flask(__name__)
    app.testing = True

    @app.get("/me")
    @require_user
    def me():
        return {}

    with pytest.raises(UnsafeUseError, match=r"call Hexclave\(app\)"):
        app.test_client().get("/me")


def test_a_team_argument_missing_from_the_view_refuses_all_users(app, world):
    @app.get("/team")
    @require_team_member("team_id")
    def team():
        return {}

    with pytest.raises(UnsafeUseError, match="no path parameter 'team_id'"):
        app.test_client().get("/team", headers=bearer(world.member))


def test_an_api_that_is_away_is_no_refusal(world):
    app = Flask(__name__)
    app.testing = True
    Hexclave(app, lambda: world.emulator.server_app(base_url="http://127.0.0.1:9", timeout=1))

    @app.get("/me")
    @require_user(mode="api")
    def me():
        return {}

    with pytest.raises(APIConnectionError):
        app.test_client().get("/me", headers=bearer(world.token))
