"""Calls by an app in either mode, without retries, so that no failure is hidden."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave.retries import Retries
from hexclave_api.operation import Operation

KEY = "ssk_1not2a3real4key5not6a7real8key9not0a1real2key3"


def echo(kind: str = "echo", method: str = "POST", **changes: Any) -> Operation[Any]:
    return Operation(
        name="get_user",
        method=method,  # type: ignore[arg-type]
        template="/users/{user_id}",
        path=("users", kind),
        access=("server",),
        parse=lambda data: data,
        **changes,
    )


def calls(mode: str, base_url: str, steps: Sequence[Operation[Any] | float], **options: Any) -> list[Any]:
    """Return the results of the operations, called sequentially by one app; a number is a pause in seconds."""
    options = {"base_url": base_url, "retries": Retries.OFF, "timeout": 20} | options
    if mode == "blocking":
        results = []
        with HexclaveServerApp("project-1", KEY, **options) as app:
            for step in steps:
                if isinstance(step, Operation):
                    results.append(app.call(step))
                else:
                    time.sleep(step)
        return results

    async def main() -> list[Any]:
        results = []
        async with AsyncHexclaveServerApp("project-1", KEY, **options) as app:
            for step in steps:
                if isinstance(step, Operation):
                    results.append(await app.call(step))
                else:
                    await asyncio.sleep(step)
        return results

    return asyncio.run(main())


def connections(results: Sequence[Any]) -> list[str]:
    """Return the connections that the calls used, in order of first use."""
    return list(dict.fromkeys(result["connection"] for result in results))
