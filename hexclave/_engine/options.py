"""Validation of an app's options."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hexclave import credentials
from hexclave._base_url import checked_base_url
from hexclave._messages import MAX_REPLY_SIZE
from hexclave._transport.own import OwnTransports
from hexclave.errors import UnsafeUseError
from hexclave.hooks import Hooks
from hexclave.options import AppInfo, AppOptions
from hexclave.ratelimit import RateLimit
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave_api.error_text import one_line
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave._ratelimit.shared_gate import SharedState

_SWITCHES: Final = ("allow_anonymous", "allow_restricted", "allow_insecure_http", "http2")


class Options(NamedTuple):
    base_url: str
    branch_id: str | None
    extra_headers: Mapping[str, Secret]
    allow_anonymous: bool
    allow_restricted: bool
    timeout: Timeout
    retries: Retries
    rate_limit: RateLimit | None
    gates: "SharedState | None"
    hooks: Hooks
    http_client: Any
    transport: Any
    own_transports: OwnTransports
    max_reply_size: int
    user_agent: str

    def check_mode(self, *, is_async: bool) -> None:
        """Raise if the client or transport is async in a blocking app, or vice versa.

        Raises:
            UnsafeUseError: it is.
        """
        for name, given in (("http_client", self.http_client), ("transport", self.transport)):
            if given is None:
                continue
            from inspect import iscoroutinefunction  # slow to load

            if iscoroutinefunction(given.send) is not is_async:
                theirs, ours = ("a blocking", "an async") if is_async else ("an async", "a blocking")
                kind = name.rpartition("_")[2]
                raise UnsafeUseError(f"{name} is {theirs} {kind}: pass {ours} one, or use {theirs} app.")


def validated_options(app: str, given: AppOptions[Any, Any]) -> Options:
    """Return the validated options of the app of this name.

    Empties `given`, because a traceback with locals shows the caller's frame.

    Raises:
        TypeError: an option does not exist.
        UnsafeUseError: a value is invalid.
    """
    base_url = credentials.as_secret(given.pop("base_url", None))
    branch_id = credentials.as_secret(given.pop("branch_id", None))
    unknown = sorted(given.keys() - AppOptions.__annotations__.keys())
    options: dict[str, Any] = {name: given.pop(name) for name in given.keys() - {"extra_headers", *unknown}}  # type: ignore[misc]
    for name in unknown:
        del given[name]  # type: ignore[misc]
    extra_headers = credentials.headers_as_secrets(given.pop("extra_headers", None))
    if unknown:
        raise TypeError(f"{app}() got an unexpected keyword argument: {', '.join(unknown)}")
    for name in _SWITCHES:
        switch(name, options.get(name, False))
    return Options(
        base_url=checked_base_url(base_url, allow_insecure_http=options.get("allow_insecure_http", False)),
        branch_id=None if branch_id is None else credentials.header_value(branch_id, "branch_id"),
        extra_headers=credentials.extra_headers(extra_headers),
        allow_anonymous=options.get("allow_anonymous", False),
        allow_restricted=options.get("allow_restricted", False),
        timeout=Timeout.of(options.get("timeout", Timeout())),
        retries=Retries.of(options.get("retries", Retries())),
        rate_limit=RateLimit.of(options.get("rate_limit")),
        gates=_gates(options.get("gates")),
        hooks=hooks(options.get("hooks", Hooks())),
        http_client=_sender("http_client", options.get("http_client"), "a client of httpx or httpx2"),
        transport=_sender("transport", options.get("transport"), "a hexclave.transport.Transport"),
        own_transports=_own_transports(options),
        max_reply_size=_max_reply_size(options.get("max_reply_size", MAX_REPLY_SIZE)),
        user_agent=_user_agent(options.get("app_info")),
    )


def hooks(given: object) -> Hooks:
    """Return the hooks.

    Raises:
        UnsafeUseError: it is not a `Hooks`.
    """
    if not isinstance(given, Hooks):
        raise UnsafeUseError(f"hooks must be hexclave.Hooks, such as Hooks(on_retry=…), not {one_line(repr(given))}.")
    return given


def switch(name: str, value: object) -> None:
    """Raise unless the value is a bool, because strings such as `"false"` are truthy.

    Raises:
        UnsafeUseError: it is not a bool.
    """
    if not isinstance(value, bool):
        raise UnsafeUseError(f"{name} must be True or False, not {one_line(repr(value))}.")


def _gates(given: Any) -> "SharedState | None":
    if given is not None and (isinstance(given, type) or not callable(getattr(given, "swap", None))):
        raise UnsafeUseError(f"gates must be a hexclave.redis.RedisGates or None, not {one_line(repr(given))}.")
    return given


def _sender(name: str, given: Any, what: str) -> Any:
    if given is not None and (isinstance(given, type) or not callable(getattr(given, "send", None))):
        raise UnsafeUseError(f"{name} must be {what}, not {one_line(repr(given))}.")
    return given


def _own_transports(options: dict[str, Any]) -> OwnTransports:
    brought = [name for name in ("http_client", "transport") if options.get(name) is not None]
    others = [*brought[1:], *(name for name in ("ssl_context", "http2") if options.get(name))]
    if brought and others:
        raise UnsafeUseError(
            f"{brought[0]} cannot be combined with {' or '.join(others)}; configure {brought[0]} itself."
        )
    context = options.get("ssl_context")
    # No isinstance check, because that would import `ssl` for every app.
    if context is not None and not callable(getattr(context, "wrap_socket", None)):
        raise UnsafeUseError(f"ssl_context must be an ssl.SSLContext, not {one_line(repr(context))}.")
    return OwnTransports(context, options.get("http2", False))


def _user_agent(app_info: object) -> str:
    if app_info is None:
        return credentials.USER_AGENT
    if not isinstance(app_info, AppInfo):
        shown = one_line(repr(app_info))
        raise UnsafeUseError(f'app_info must be an AppInfo, such as AppInfo("my-app", "1.2.0"), not {shown}.')
    return f"{credentials.USER_AGENT} {app_info}"


def _max_reply_size(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise UnsafeUseError(f"max_reply_size must be a positive integer (bytes), not {one_line(repr(given))}.")
    return given
