"""Checks before any I/O that the app can make a call."""

from typing import TYPE_CHECKING

from hexclave._engine.context import Context
from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Operation

if TYPE_CHECKING:
    from hexclave.tokens import Tokens


def check_use(app: Context, operation: Operation[object], tokens: "Tokens | None" = None) -> None:
    """Raise if the app cannot make this call.

    Raises:
        UnsafeUseError: the access type is not allowed, or a required credential is missing.
    """
    if app.access not in operation.access:
        allowed = ", ".join(operation.access)
        equivalent = _equivalent_operation(app, operation)
        advice = f"call {equivalent}(…) instead" if equivalent else "use an app with that access type"
        raise UnsafeUseError(f"{operation.name} requires access type {allowed}, not {app.access}: {advice}.")
    for need in operation.needs:
        if need == "publishable_client_key":
            if app.publishable_client_key is None:
                advice = "pass one to the app" if app.access == "client" else "use a client app that has one"
                raise UnsafeUseError(f"{operation.name} requires a publishable client key: {advice}.")
        elif app.session is None and tokens is None:
            raise UnsafeUseError(
                f"{operation.name} requires a user's {need.replace('_', ' ')}: use app.with_session(…)."
            )


def _equivalent_operation(app: Context, operation: Operation[object]) -> str | None:
    """Return the name of the operation for the same endpoint with this app's access type."""
    from hexclave_api import OPERATIONS  # only needed for the error message

    for entry in OPERATIONS.values():
        if (entry.method, entry.path) == (operation.method, operation.template) and app.access in entry.access:
            return entry.name
    return None


def check_use_signed_out(operation: Operation[object]) -> None:
    """Raise if the operation requires a signed-in user.

    Reading the current user is allowed: it shows whether a user is signed in.

    Raises:
        UnsafeUseError: it does.
    """
    if _is_about_the_user(operation):
        raise UnsafeUseError(
            f"{operation.name} requires a signed-in user: sign in first, for example with "
            "app.auth.sign_in_with_password(…), or use app.with_session(tokens)."
        )


def _is_about_the_user(operation: Operation[object]) -> bool:
    if not {"access_token", "refresh_token"}.isdisjoint(operation.needs):
        return True
    body = operation.body if isinstance(operation.body, dict) else {}
    return operation.path != ("users", "me") and "me" in (
        *operation.path,
        operation.query.get("user_id"),
        body.get("user_id"),
    )
