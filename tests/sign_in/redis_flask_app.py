"""The same as redis_app.py with Flask: `gunicorn --workers 4 tests.sign_in.redis_flask_app:app`."""

import os
from typing import Any

import redis
from flask import Flask

from hexclave.integrations.flask import SignIn, require_session, session_user
from hexclave.redis import RedisGates
from hexclave.sign_in import RedisSessions

app = Flask(__name__)
SignIn(
    app,
    secret=os.environ["SESSION_SECRET"],
    sessions=RedisSessions(redis.Redis.from_url(os.environ["REDIS_URL"])),
    gates=RedisGates(os.environ["REDIS_URL"]),
)


@app.get("/private")
@require_session
def private() -> dict[str, Any]:
    return {"user": session_user.user_id, "worker": os.getpid()}
