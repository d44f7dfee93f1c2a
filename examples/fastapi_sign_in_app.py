"""A FastAPI application with sign-in pages: users sign in below /auth and come back to the page they wanted.

    uvicorn examples.fastapi_sign_in_app:api

The keys are read from HEXCLAVE_PROJECT_ID and HEXCLAVE_PUBLISHABLE_CLIENT_KEY, the secret that encrypts cookies from
SESSION_SECRET.
"""

import os
from html import escape

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from hexclave.integrations.fastapi import OptionalSessionUser, SessionApp, SessionUser, SignIn

api = FastAPI(title="Example")
SignIn(api, secret=os.environ["SESSION_SECRET"])

PAGE = '<!doctype html><html lang="en"><title>Example</title><main><h1>{}</h1><p><a href="{}">{}</a></p></main>'


@api.get("/")
async def home(user: OptionalSessionUser) -> HTMLResponse:
    """Allows all browsers."""
    if user is None:
        return HTMLResponse(PAGE.format("Hello, stranger", "/auth/sign-in", "Sign in"))
    return HTMLResponse(PAGE.format(f"Hello, {escape(user.email or 'you')}", "/auth/account", "Your account"))


@api.get("/documents")
async def documents(user: SessionUser) -> dict[str, str]:
    """Sends browsers without a session to the sign-in page."""
    return {"user": user.user_id}


@api.post("/documents")
async def write(user: SessionUser) -> dict[str, str]:
    """Has no session if another site sent the request."""
    return {"author": user.user_id}


@api.get("/teams")
async def teams(user: SessionUser, app: SessionApp) -> dict[str, str | list[str]]:
    """Calls the API as the user."""
    return {"user": user.user_id, "teams": [team.display_name async for team in app.teams.list()]}
