"""Calls that are refused before any I/O, because the app cannot make them."""

from typing import TYPE_CHECKING

from hexclave._engine.context import Context
from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Operation

if TYPE_CHECKING:
    from hexclave.tokens import Tokens


def check_use(app: Context, operation: Operation[object], tokens: "Tokens | None" = None) -> None:
    """Refuse, before any I/O, a call that this app cannot make.

    Raises:
        UnsafeUseError: the access type is not allowed, or a credential that the operation needs is not there.
    """
    if app.access not in operation.access:
        allowed = ", ".join(operation.access)
        twin = _twin(app, operation)
        advice = f"call {twin}(…) instead" if twin else "use an app of that access type"
        raise UnsafeUseError(f"{operation.name} is for access type {allowed}; this app's is {app.access}: {advice}.")
    for need in operation.needs:
        if need == "publishable_client_key":
            if app.publishable_client_key is None:
                where = "give the app one" if app.access == "client" else "use a client app that has one"
                raise UnsafeUseError(f"{operation.name} needs a publishable client key: {where}.")
        elif app.session is None and tokens is None:
            raise UnsafeUseError(f"{operation.name} needs a user's {need.replace('_', ' ')}: use app.with_session(…).")


def _twin(app: Context, operation: Operation[object]) -> str | None:
    """The function for the same call with this app's access type."""
    from hexclave_api import OPERATIONS  # only a refused call needs the table

    for entry in OPERATIONS.values():
        if (entry.method, entry.path) == (operation.method, operation.template) and app.access in entry.access:
            return entry.name
    return None


def check_use_signed_out(operation: Operation[object]) -> None:
    """Refuse what the API could only refuse while nobody is signed in.

    To ask for the user is to ask whether there is one, so the API answers that.

    Raises:
        UnsafeUseError: the operation is about the signed-in user.
    """
    if _is_about_the_user(operation):
        raise UnsafeUseError(
            f"{operation.name} needs a signed-in user, and nobody is signed in: sign in first, for instance with "
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
