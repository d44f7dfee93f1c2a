"""A FastAPI backend for a browser app that signs users in.

    uvicorn examples.fastapi_app:api

The keys are read from HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY, the webhook secret from
HEXCLAVE_WEBHOOK_SECRET.
"""

import os
from typing import Annotated, Any

from fastapi import FastAPI

from hexclave.integrations.fastapi import (
    ApiApp,
    CurrentUser,
    Hexclave,
    OptionalUser,
    require_permission,
    require_team_member,
    require_user,
    webhook_endpoint,
)
from hexclave.verify import SignedIn
from hexclave.webhooks import Router, WebhookEvent

api = FastAPI(title="Example")
Hexclave(api)
webhooks = Router(os.environ["HEXCLAVE_WEBHOOK_SECRET"])
new_users: list[str] = []

Newcomer = Annotated[SignedIn, require_user(allow_restricted=True)]
Visitor = Annotated[SignedIn, require_user(allow_anonymous=True)]
Script = Annotated[SignedIn, require_user(api_keys={"user"})]
Owner = Annotated[SignedIn, require_user(mode="api")]
Member = Annotated[SignedIn, require_team_member("team_id")]
Author = Annotated[SignedIn, require_permission("write_documents", team="team_id")]


@api.get("/hello")
async def hello(user: OptionalUser) -> dict[str, str | None]:
    """Allows all requests."""
    return {"user": user.user_id if user else None}


@api.get("/me")
async def me(user: CurrentUser) -> dict[str, str]:
    """Allows signed-in users."""
    return {"user": user.user_id}


@api.get("/profile")
async def profile(user: CurrentUser, app: ApiApp) -> dict[str, str | None]:
    """Returns the user's profile, fetched from the API with the server key."""
    found = await app.users.get(user.user_id)
    return {"name": found.display_name}


@api.get("/welcome")
async def welcome(user: Newcomer) -> dict[str, str]:
    """Also allows users who have not verified their email yet."""
    return {"user": user.user_id}


@api.get("/cart")
async def cart(user: Visitor) -> dict[str, str]:
    """Also allows anonymous users."""
    return {"user": user.user_id}


@api.get("/export")
async def export(user: Script) -> dict[str, str]:
    """Also allows scripts with an API key of their user."""
    return {"user": user.user_id}


@api.get("/account")
async def account(user: Owner) -> dict[str, str]:
    """Allows users who still exist and are not restricted, checked with the API for each request."""
    return {"user": user.user_id}


@api.get("/reports", dependencies=[require_permission("read_reports")])
async def reports() -> dict[str, list[str]]:
    """Allows users with a permission in the project."""
    return {"reports": []}


@api.get("/teams/{team_id}")
async def team(team_id: str, user: Member) -> dict[str, str]:
    """Allows members of the team."""
    return {"team": team_id, "user": user.user_id}


@api.post("/teams/{team_id}/documents")
async def write(team_id: str, user: Author) -> dict[str, str]:
    """Allows members with a permission in the team."""
    return {"team": team_id, "user": user.user_id}


@webhooks.on("user.created")
def remember(event: WebhookEvent[Any]) -> None:
    new_users.append(event.body.data.id)


api.add_route("/webhooks", webhook_endpoint(webhooks), methods=["POST"])


@api.get("/new-users")
async def list_new_users() -> list[str]:
    """Returns the IDs of new users, as received by webhooks."""
    return new_users
