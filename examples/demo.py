"""A tour of the SDK, with real calls over a real socket to a local emulator. Run it with `make demo`."""

import asyncio

import hexclave
from hexclave.testing import RunningEmulator, emulator
from hexclave_api import OPERATIONS


def main() -> None:
    print(f"hexclave {hexclave.__version__}: {len(OPERATIONS)} typed operations in hexclave_api\n")
    with emulator() as hx:
        print(f"A local emulator implements the API: {hx.base_url}\n")
        use_server_app(hx)
        asyncio.run(use_async_server_app(hx))
        use_client_app(hx)
        summarize(hx)


def use_server_app(hx: RunningEmulator) -> None:
    with hx.server_app() as app:
        print(f"{app}: its key is never shown")

        ada = app.users.create(
            primary_email="ada@example.com",
            primary_email_auth_enabled=True,
            display_name="Ada",
            server_metadata={"plan": "pro"},
        )
        print(f"  created    {ada.display_name} <{ada.primary_email}>, signed up {ada.signed_up_at:%Y-%m-%d %H:%M} UTC")
        for name in ("Grace", "Edsger", "Barbara"):
            app.users.create(primary_email=f"{name.lower()}@example.com", display_name=name)

        ada = app.users.update(ada.id, display_name="Ada Lovelace", server_metadata=None)
        print(f"  updated    {ada.display_name}, metadata cleared: {ada.server_metadata}")

        page = app.users.list(limit=3)
        print(f"  one page   {', '.join(user.display_name or '?' for user in page.items)}")
        print(f"  all pages  {', '.join(user.display_name or '?' for user in page)}")

        print("  a missing user raises its own exception class:")
        try:
            app.users.get("00000000-0000-4000-8000-00000000dead")
        except hexclave.errors.UserNotFound as error:
            print(f"    except UserNotFound: {error}")

        print("  so does an email that is already in use, with typed details:")
        try:
            app.users.create(primary_email="ada@example.com", primary_email_auth_enabled=True)
        except hexclave.errors.UserWithEmailAlreadyExists as error:
            print(f"    except UserWithEmailAlreadyExists: email={error.email}")

        print("  an ID that would change the path of the request is rejected before any I/O:")
        try:
            app.users.get("..")
        except ValueError as refused:
            print(f"    except ValueError: {refused}\n")


async def use_async_server_app(hx: RunningEmulator) -> None:
    async with hx.async_server_app() as app:
        users = await asyncio.gather(
            *(app.users.create(primary_email=f"user{number}@example.com") for number in range(20))
        )
        await asyncio.gather(*(app.users.delete(user.id) for user in users))
        print(f"{app}\n  created and deleted {len(users)} users concurrently\n")


def use_client_app(hx: RunningEmulator) -> None:
    with hx.client_app() as app:
        app.auth.sign_up_with_password(email="lin@example.com", password="correct horse battery")
        me = app.me.get()
        print(f"{app}\n  signed up as {me.primary_email}; the session stores the tokens and refreshes them")
        app.auth.sign_out()
        print(f"  signed out: access token {app.auth.get_access_token()}")

        app.auth.send_sign_in_code(email="kay@example.com", callback_url="http://localhost:3000/signed-in")
        mail = hx.outbox[-1]
        app.auth.sign_in_with_code(mail.code or "")
        print(f"  signed in with the code from the email to {mail.to} with the subject {mail.subject!r}\n")


def summarize(hx: RunningEmulator) -> None:
    kinds = sorted({hook.type for hook in hx.webhooks})
    print(f"The emulator recorded {len(hx.requests)} requests and {len(hx.webhooks)} webhooks: {', '.join(kinds)}")


if __name__ == "__main__":
    main()
