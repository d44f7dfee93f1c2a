"""An application with sessions in Redis, for several workers: `uvicorn --workers 4 tests.sign_in.redis_app:api`."""

import os

import redis.asyncio
from fastapi import FastAPI

from hexclave.integrations.fastapi import SessionUser, SignIn
from hexclave.redis import RedisGates
from hexclave.sign_in import AsyncRedisSessions

api = FastAPI()
SignIn(
    api,
    secret=os.environ["SESSION_SECRET"],
    sessions=AsyncRedisSessions(redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])),
    gates=RedisGates(os.environ["REDIS_URL"]),
)


@api.get("/private")
async def private(user: SessionUser) -> dict[str, str | int]:
    return {"user": user.user_id, "worker": os.getpid()}
