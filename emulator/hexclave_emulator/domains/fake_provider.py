"""A fake OAuth provider that replaces all providers: its page lets you sign in as anyone.

The API redirects browsers to `/fake-provider/auth`. Tests post the page's form: `decision` (`allow` or `deny`),
`email`, and if wanted `name`, `account_id` (default: the email address) and `email_verified` (default: not verified).
"""

from html import escape
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode

import attrs

from hexclave_emulator.checking.rules import EMAIL
from hexclave_emulator.credentials.codes import with_query
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS
from hexclave_emulator.domains.oauth_flows import OAUTH_FLOWS, OAuthFlow
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.messages.exchange import HttpRequest, Reply
from hexclave_emulator.state.tables import State, table

if TYPE_CHECKING:
    from hexclave_emulator.emulator import Emulator

PATH: Final = "/fake-provider/auth"
DEFAULT_SCOPES: Final = ("openid", "offline_access")
_LONGEST: Final = 256


@attrs.frozen(kw_only=True)
class ProviderLogin:
    """A sign-in allowed at the provider."""

    id: str
    """The code that the provider passes to the API."""
    project_id: str
    state: str
    account_id: str
    email: str
    email_verified: bool
    name: str | None


LOGINS: Final = table("provider_logins", ProviderLogin, indexes=("project_id",))


def authorization_url(base_url: str, provider_id: str, scopes: list[str], state: str) -> str:
    """Return the URL that the API redirects the browser to."""
    query = {
        "client_id": provider_id,
        "scope": " ".join(scopes),
        "response_type": "code",
        "redirect_uri": _callback_url(base_url, provider_id),
        "code_challenge_method": "S256",
        # The scope is not checked: the request never leaves this process.
        "code_challenge": token_urlsafe(32),
        "state": state,
        "access_type": "offline",
        "prompt": "consent",
    }
    return f"{base_url}{PATH}?{urlencode(query, quote_via=quote)}"


def exchange_code(state: State, flow: OAuthFlow, code: str) -> ProviderLogin | None:
    """Return the login for a code; it works once, and only in its own flow."""
    login = state[LOGINS].get(code)
    if login is None or login.state != flow.id:
        return None
    state[LOGINS].delete(login.id)
    return login


def answer(emulator: "Emulator", request: HttpRequest) -> Reply:
    """Answer requests for the page on which the user allows the sign-in."""
    query = dict(request.query)
    flow = emulator.state[OAUTH_FLOWS].get(query.get("state", ""))
    callback = _callback_url(request.base_url, flow.provider_id) if flow is not None else None
    is_over = flow is None or flow.expires_at_millis <= emulator.clock.millis()
    if flow is None or is_over or request.path != PATH or query.get("redirect_uri") != callback:
        return _page("This sign-in is over", "<p>Go back to the app and sign in again.</p>", status=400)
    if request.method == "GET":
        return _consent_page(emulator, flow, {})
    if request.method != "POST":
        return Reply(405, bare=True)
    try:
        form = dict(parse_qsl(request.content.decode("utf-8", "replace"), keep_blank_values=True))
    except ValueError:
        form = {}
    return _decided(emulator, request, flow, form)


def _callback_url(base_url: str, provider_id: str) -> str:
    return f"{base_url}/api/v1/auth/oauth/callback/{quote(provider_id, safe='')}"


def _decided(emulator: "Emulator", request: HttpRequest, flow: OAuthFlow, form: dict[str, str]) -> Reply:
    callback = _callback_url(request.base_url, flow.provider_id)
    if form.get("decision") == "deny":
        return _redirect(with_query(callback, error="access_denied", state=flow.id))
    email = form.get("email", "").strip()
    account_id = form.get("account_id", "").strip() or email
    name = form.get("name", "").strip() or None
    if any(check(email) for check in EMAIL.checks) or max(map(len, (email, account_id, name or ""))) > _LONGEST:
        return _consent_page(emulator, flow, form, "Enter an email address; no field may exceed 256 characters.")
    login = emulator.state[LOGINS].insert(
        ProviderLogin(
            id=token_urlsafe(32),
            project_id=flow.project_id,
            state=flow.id,
            account_id=account_id,
            email=email,
            email_verified="email_verified" in form,
            name=name,
        )
    )
    return _redirect(with_query(callback, code=login.id, state=flow.id, iss=request.base_url))


def _redirect(url: str) -> Reply:
    return Reply(303, b"", {"location": url, "cache-control": "no-store"}, bare=True)


def _consent_page(emulator: "Emulator", flow: OAuthFlow, form: dict[str, str], fault: str = "") -> Reply:
    project = emulator.state[PROJECTS].get(flow.project_id)
    accounts = emulator.state[OAUTH_ACCOUNTS].where(project_id=flow.project_id, provider_id=flow.provider_id)
    emails = dict.fromkeys(each.email for each in accounts if each.email)
    provider = escape(flow.provider_id)
    body = _FORM.format(
        provider=provider,
        app=escape(project.display_name if project is not None else "The app"),
        action="link an account" if flow.is_link else "sign you in",
        scopes="".join(f"<li><code>{escape(scope)}</code></li>" for scope in flow.scopes),
        known="".join(f'<option value="{escape(email)}">' for email in emails),
        fault=f'<p class="fault" role="alert">{escape(fault)}</p>' if fault else "",
        **{name: escape(form.get(name, "")) for name in ("email", "name", "account_id")},
    )
    return _page(f"Sign in with {provider}", body, status=400 if fault else 200)


def _page(title: str, body: str, *, status: int) -> Reply:
    content = _PAGE.format(title=title, body=body).encode("utf-8", "replace")
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
    }
    return Reply(status, content, headers, bare=True)


_FORM: Final = """
<p class="hint">No real {provider}: the emulator's own provider. Be whoever you like.</p>
<p><strong>{app}</strong> wants to {action} and asks for:</p>
<ul>{scopes}</ul>
{fault}
<form method="post">
  <label>Email address
    <input name="email" type="email" value="{email}" list="known" autocomplete="off" maxlength="256" required autofocus>
  </label>
  <datalist id="known">{known}</datalist>
  <label class="line"><input name="email_verified" type="checkbox" checked> {provider} has verified it</label>
  <label>Name <input name="name" value="{name}" autocomplete="off" maxlength="256"></label>
  <label>Account id <input name="account_id" value="{account_id}" autocomplete="off" maxlength="256"
    placeholder="the email address"></label>
  <div class="buttons">
    <button name="decision" value="allow">Allow</button>
    <button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
  </div>
</form>
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1b1f27; --soft: #5b6472; --line: #c9ced8;
    --accent: #2f5bea; --fault: #b3261e; }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --ground: #12151b; --card: #1c212b; --text: #e8eaf0; --soft: #a2abbb; --line: #3d4657; --accent: #4468e8;
      --fault: #ff8a80; }}
  }}
  body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground);
    color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }}
  main {{ box-sizing: border-box; width: min(26rem, 100%); padding: 2rem; background: var(--card);
    border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere; }}
  h1 {{ margin: 0 0 .5rem; font-size: 1.35rem; }}
  .hint {{ color: var(--soft); margin-top: 0; }}
  .fault {{ color: var(--fault); }}
  label {{ display: block; margin: .9rem 0; }}
  label.line {{ display: flex; gap: .5rem; align-items: center; }}
  input:not([type=checkbox]) {{ box-sizing: border-box; display: block; width: 100%; padding: .55rem .7rem;
    font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; }}
  .buttons {{ display: flex; gap: .75rem; margin-top: 1.5rem; }}
  button {{ flex: 1; padding: .65rem; font: inherit; font-weight: 600; cursor: pointer; color: #fff;
    background: var(--accent); border: 1px solid var(--accent); border-radius: .4rem; }}
  button.quiet {{ color: var(--text); background: transparent; border-color: var(--line); }}
  :focus-visible {{ outline: 3px solid var(--accent); outline-offset: 2px; }}
</style>
</head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""
