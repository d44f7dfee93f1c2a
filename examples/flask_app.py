"""A Flask backend for a browser app that signs users in.

    gunicorn --threads 8 examples.flask_app:app

The keys are read from HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY, the webhook secret from
HEXCLAVE_WEBHOOK_SECRET.
"""

import os
from typing import Any

from flask import Flask

from hexclave.integrations.flask import (
    Hexclave,
    api_app,
    current_user,
    optional_user,
    require_permission,
    require_team_member,
    require_user,
    webhook_view,
)
from hexclave.webhooks import Router, WebhookEvent

app = Flask(__name__)
Hexclave(app)
webhooks = Router(os.environ["HEXCLAVE_WEBHOOK_SECRET"])
new_users: list[str] = []


@app.get("/hello")
def hello() -> dict[str, str | None]:
    """Allows all requests."""
    user = optional_user()
    return {"user": user.user_id if user else None}


@app.get("/me")
@require_user
def me() -> dict[str, str]:
    """Allows signed-in users."""
    return {"user": current_user.user_id}


@app.get("/profile")
@require_user
def profile() -> dict[str, str | None]:
    """Returns the user's profile, fetched from the API with the server key."""
    return {"name": api_app().users.get(current_user.user_id).display_name}


@app.get("/welcome")
@require_user(allow_restricted=True)
def welcome() -> dict[str, str]:
    """Also allows users who have not verified their email yet."""
    return {"user": current_user.user_id}


@app.get("/cart")
@require_user(allow_anonymous=True)
def cart() -> dict[str, str]:
    """Also allows anonymous users."""
    return {"user": current_user.user_id}


@app.get("/export")
@require_user(api_keys={"user"})
def export() -> dict[str, str]:
    """Also allows scripts with an API key of their user."""
    return {"user": current_user.user_id}


@app.get("/account")
@require_user(mode="api")
def account() -> dict[str, str]:
    """Allows users who still exist and are not restricted, checked with the API for each request."""
    return {"user": current_user.user_id}


@app.get("/reports")
@require_permission("read_reports")
def reports() -> dict[str, list[str]]:
    """Allows users with a permission in the project."""
    return {"reports": []}


@app.get("/teams/<team_id>")
@require_team_member("team_id")
def team(team_id: str) -> dict[str, str]:
    """Allows members of the team."""
    return {"team": team_id, "user": current_user.user_id}


@app.post("/teams/<team_id>/documents")
@require_permission("write_documents", team="team_id")
def write(team_id: str) -> dict[str, str]:
    """Allows members with a permission in the team."""
    return {"team": team_id, "user": current_user.user_id}


@webhooks.on("user.created")
def remember(event: WebhookEvent[Any]) -> None:
    new_users.append(event.body.data.id)


app.add_url_rule("/webhooks", view_func=webhook_view(webhooks), methods=["POST"])


@app.get("/new-users")
def list_new_users() -> list[str]:
    """Returns the IDs of new users, as received by webhooks."""
    return new_users
