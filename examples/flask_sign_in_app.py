"""A Flask application with sign-in pages: users sign in below /auth and come back to the page they wanted.

    gunicorn examples.flask_sign_in_app:app

The keys are read from HEXCLAVE_PROJECT_ID and HEXCLAVE_PUBLISHABLE_CLIENT_KEY, the secret that encrypts cookies from
SESSION_SECRET.
"""

import os
from html import escape

from flask import Flask

from hexclave.integrations.flask import SignIn, optional_session_user, require_session, session_app, session_user

app = Flask(__name__)
SignIn(app, secret=os.environ["SESSION_SECRET"])

PAGE = '<!doctype html><html lang="en"><title>Example</title><main><h1>{}</h1><p><a href="{}">{}</a></p></main>'


@app.get("/")
def home() -> str:
    """Allows all browsers."""
    user = optional_session_user()
    if user is None:
        return PAGE.format("Hello, stranger", "/auth/sign-in", "Sign in")
    return PAGE.format(f"Hello, {escape(user.email or 'you')}", "/auth/account", "Your account")


@app.get("/documents")
@require_session
def documents() -> dict[str, str]:
    """Sends browsers without a session to the sign-in page."""
    return {"user": session_user.user_id}


@app.post("/documents")
@require_session
def write() -> dict[str, str]:
    """Has no session if another site sent the request."""
    return {"author": session_user.user_id}


@app.get("/teams")
@require_session
def teams() -> dict[str, list[str]]:
    """Calls the API as the user."""
    return {"teams": [team.display_name for team in session_app().teams.list()]}
