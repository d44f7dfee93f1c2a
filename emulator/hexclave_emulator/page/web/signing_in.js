import { change, path, state } from "./api.js";
import { openDialog, openForm } from "./dialogs.js";
import { badge, button, element, heading, table, time } from "./elements.js";
import { block, secret } from "./secrets.js";
import { userName } from "./users.js";

const literal = (value) => JSON.stringify(value);

function tokensDialog(user, tokens) {
  const project = state.overview.project_id;
  const python = (access, refresh) => `from hexclave import HexclaveClientApp, Tokens\n\napp = HexclaveClientApp(\n    session=Tokens(\n        access_token=${access},\n        refresh_token=${refresh},\n    )\n)\nprint(app.me.get())`;
  const dots = '"••••••••"';
  const cookie = (value) => `document.cookie = "stack-refresh-${project}=${value}; path=/"`;
  openDialog(`Signed in as ${userName(user)}`,
    element("p", { class: "hint" }, "This is a session of its own; revoke it on the user's page."),
    element("h4", {}, "Access token"), element("p", {}, secret(tokens.access_token, "the access token")),
    element("h4", {}, "Refresh token"), element("p", {}, secret(tokens.refresh_token, "the refresh token")),
    element("h4", {}, "In Python"), block(python(literal(tokens.access_token), literal(tokens.refresh_token)), "the program", python(dots, dots)),
    element("h4", {}, "In a browser, in the console of your app"), block(cookie(tokens.refresh_token), "the cookie", cookie("••••••••")),
    element("div", { class: "line" }, button("Close", (event) => event.target.closest("dialog").close())));
}

export function signInAs(user) {
  openForm({
    title: `Sign in as ${userName(user)}`,
    submit: "Sign in",
    message: "Session created.",
    fields: [
      { name: "hours", label: "Hours until the session expires", type: "number", value: 24, min: 1 },
      { name: "is_impersonation", label: "Mark as impersonation", type: "checkbox", value: true, hint: "Hidden from the user's own list of sessions" },
    ],
    toCall: (given) => ({ method: "POST", path: path("auth", "sessions"), body: {
      user_id: user.id, ...(given.hours && { expires_in_millis: Math.round(given.hours * 3_600_000) }), is_impersonation: given.is_impersonation,
    } }),
    done: (tokens) => tokensDialog(user, tokens),
  });
}

// Two calls: a session of the user, and the confirmation with its refresh token.
export function confirmLogin({ user = "", login = "" } = {}) {
  const waiting = state.overview.cli_logins;
  openForm({
    title: "Confirm a command-line login",
    note: "Creates a session of the user, and hands it to the program that waits. The login code is in the link that the program shows.",
    submit: "Confirm",
    message: "Login confirmed. The program is signed in.",
    fields: [
      { name: "login_code", label: "Login code", required: true, secret: true, value: login || (waiting.length === 1 ? waiting[0].login_code : "") },
      { name: "user", label: "User", type: "user", required: true, value: user, placeholder: "Search by name or email" },
    ],
    toCall: (given) => ({ method: "POST", path: path("auth", "sessions"), body: { user_id: given.user }, login_code: given.login_code }),
    perform: async ({ login_code, ...call }) => {
      const session = await change(call);
      if (!session || session.status >= 400) return session;
      return change({ access: "client", method: "POST", path: path("auth", "cli", "complete"), body: { mode: "complete", login_code, refresh_token: session.body.refresh_token } });
    },
  });
}

export function showLogins(section) {
  return () => section.replaceChildren(
    heading("Command-line logins", button("Confirm login…", () => confirmLogin(), { class: "primary" })),
    table("Logins", ["State", "Expires", ""], state.overview.cli_logins.map((each) => [
      badge("waiting", "warn"), time(each.expires_at_millis), button("Confirm…", () => confirmLogin({ login: each.login_code }), { class: "small" })]),
    "No program waits for a login. Start one with app.auth.start_cli_login(…)."));
}
