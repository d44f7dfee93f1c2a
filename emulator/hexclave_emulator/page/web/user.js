import { one, path, pythonOf, read } from "./api.js";
import { openForm } from "./dialogs.js";
import { badge, button, code, element, heading, now, table, time } from "./elements.js";
import { block } from "./secrets.js";
import { confirmLogin, signInAs } from "./signing_in.js";
import { userBadges, userName } from "./users.js";

const METADATA = [["client_metadata", "Client metadata"], ["client_read_only_metadata", "Client read-only metadata"], ["server_metadata", "Server metadata"]];

export async function showUser(section, id) {
  const pythons = [];
  const get = (name, query) => read({ path: path(name), query: { user_id: id, ...query } }, pythons);
  const user = await read({ path: path("users", id) }, pythons);
  if (!user) {
    section.replaceChildren(heading("No such user"), element("p", {}, element("a", { href: "#users" }, "All users")));
    return undefined;
  }
  const [channels, sessions, teams, permissions, keys, accounts] = await Promise.all([
    get("contact-channels"), read({ access: "admin", path: path("auth", "sessions"), query: { user_id: id } }, pythons), get("teams"),
    get("project-permissions", { recursive: false }), get("user-api-keys"), get("oauth-providers")]);
  return () => section.replaceChildren(
    element("p", { class: "crumb" }, element("a", { href: "#users" }, "Users")),
    heading(userName(user), button("Sign in as…", () => signInAs(user), { class: "primary" }),
      button("Confirm login…", () => confirmLogin({ user: user.id })), button("Edit…", () => editUser(user), { "aria-keyshortcuts": "e" }),
      button("Delete…", () => deleteUser(user), { class: "danger" })),
    userBadges(user),
    element("dl", { class: "facts" }, ...facts(user)),
    ...group("Contact channels", button("Add…", () => addChannel(id)), channels && channelTable(id, channels.items)),
    ...group("Sessions", null, sessions && sessionTable(id, sessions.items)),
    ...group("Teams", button("Add to a team…", () => joinTeam(id)), teams && table("Teams", ["Name", "Id", ""], teams.items.map((team) => [
      element("a", { href: `#teams/${team.id}` }, team.display_name), code(team.id),
      one("Remove", { method: "DELETE", path: path("team-memberships", team.id, id) }, "Removed from the team.", { "aria-label": `Remove from ${team.display_name}` })]), "Not a member of any team.")),
    ...group("Project permissions", button("Grant…", () => grant(id)), permissions && table("Project permissions", ["Permission", ""], permissions.items.map((each) => [
      code(each.id), one("Revoke", { method: "DELETE", path: path("project-permissions", id, each.id) }, "Permission revoked.", { "aria-label": `Revoke ${each.id}` })]), "No permissions granted directly.")),
    ...group("API keys", button("Create…", () => createKey(id)), keys && keyTable(keys.items)),
    ...group("OAuth accounts", null, accounts && table("OAuth accounts", ["Provider", "Account", "Email", ""], accounts.items.map((each) => [
      each.type ?? each.id, code(each.account_id), each.email, one("Remove", { method: "DELETE", path: path("oauth-providers", id, each.id) }, "Account removed.", { "aria-label": `Remove ${each.account_id}` })]), "No accounts linked.")),
    ...group("Metadata", button("Edit…", () => editMetadata(user), { "aria-label": "Edit metadata" }),
      METADATA.filter(([name]) => user[name] != null).map(([name, label]) => [element("h4", {}, label), block(JSON.stringify(user[name], null, 2), label)])),
    pythonOf(pythons));
}

function facts(user) {
  const found = [["Id", code(user.id)], ["Email", user.primary_email], ["Signed up", time(user.signed_up_at_millis)], ["Last active", time(user.last_active_at_millis)],
    ["Country", user.country_code], ["Sign-in", [user.has_password && "password", user.otp_auth_enabled && "email code", user.passkey_auth_enabled && "passkey"].filter(Boolean).join(", ")]];
  return found.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
}

function group(title, action, content) {
  return [element("div", { class: "heading" }, element("h3", {}, title), action && element("div", { class: "line" }, action)), ...[content ?? []].flat(2)];
}

function channelTable(id, items) {
  return table("Contact channels", ["Address", "State", ""], items.map((each) => {
    const update = (label, body, message) => one(label, { method: "PATCH", path: path("contact-channels", id, each.id), body }, message, { "aria-label": `${label}: ${each.value}` });
    return [each.value, element("span", { class: "badges" }, each.is_primary ? badge("primary") : null, badge(...(each.is_verified ? ["verified", "good"] : ["unverified"])), each.used_for_auth ? badge("sign-in") : null),
      element("span", { class: "line" }, update(each.is_verified ? "Unverify" : "Verify", { is_verified: !each.is_verified }, "Contact channel updated."),
        each.is_primary ? null : update("Make primary", { is_primary: true }, "Contact channel updated."),
        one("Remove", { method: "DELETE", path: path("contact-channels", id, each.id) }, "Contact channel removed.", { "aria-label": `Remove ${each.value}` }))];
  }), "No contact channels.");
}

function sessionTable(id, items) {
  return table("Sessions", ["Began", "Last used", "State", "Id", ""], items.map((each) => [
    time(each.created_at), each.last_used_at ? time(each.last_used_at) : "", each.is_impersonation ? badge("impersonation", "warn") : badge("live", "good"), code(each.id),
    one("Revoke", { method: "DELETE", path: path("auth", "sessions", each.id), query: { user_id: id } }, "Session revoked.", { "aria-label": `Revoke session ${each.id}` })]), "Not signed in anywhere.");
}

export function keyTable(items, kind = "user") {
  return table("API keys", ["Description", "Key", "State", "Expires", ""], items.map((each) => [
    each.description, code(`…${each.value?.last_four ?? ""}`), each.manually_revoked_at_millis ? badge("revoked", "bad") : each.expires_at_millis != null && each.expires_at_millis <= now() ? badge("expired", "warn") : badge("valid", "good"), time(each.expires_at_millis),
    each.manually_revoked_at_millis ? "" : one("Revoke", { method: "PATCH", path: path(`${kind}-api-keys`, each.id), body: { revoked: true } }, "API key revoked.", { "aria-label": `Revoke ${each.description}` })]), "No API keys.");
}

function editUser(user) {
  openForm({
    title: "Edit user",
    message: "User updated.",
    fields: [
      { name: "display_name", label: "Display name", value: user.display_name ?? "" },
      { name: "primary_email", label: "Email", type: "email", value: user.primary_email ?? "" },
      { name: "primary_email_verified", label: "The email is verified", type: "checkbox", value: user.primary_email_verified },
      { name: "password", label: "New password", type: "password", hint: "Ends all sessions of the user. Empty keeps the password" },
      { name: "restricted_by_admin", label: "Restricted by an administrator", type: "checkbox", value: user.restricted_by_admin },
    ],
    toCall: (given) => ({ method: "PATCH", path: path("users", user.id), body: changed(user, {
      display_name: given.display_name || null, primary_email: given.primary_email || null,
      ...(given.primary_email && { primary_email_verified: given.primary_email_verified }),
      ...(given.password && { password: given.password }), restricted_by_admin: given.restricted_by_admin,
    }) }),
  });
}

const changed = (before, given) => Object.fromEntries(Object.entries(given).filter(([name, value]) => JSON.stringify(before[name] ?? null) !== JSON.stringify(value)));

function editMetadata(user) {
  openForm({
    title: "Edit metadata",
    message: "Metadata updated.",
    fields: METADATA.map(([name, label]) => ({ name, label, type: "json", value: user[name] ?? undefined })),
    toCall: (given) => ({ method: "PATCH", path: path("users", user.id), body: changed(user, given) }),
  });
}

function deleteUser(user) {
  openForm({
    title: `Delete ${userName(user)}?`,
    note: "The user's sessions, contact channels, keys and memberships are deleted too. There is no way back.",
    submit: "Delete user",
    danger: true,
    message: "User deleted.",
    toCall: () => ({ method: "DELETE", path: path("users", user.id) }),
    done: () => { location.hash = "#users"; },
  });
}

function addChannel(id) {
  openForm({
    title: "Add a contact channel",
    submit: "Add",
    message: "Contact channel added.",
    fields: [{ name: "value", label: "Email", type: "email", required: true }, { name: "used_for_auth", label: "Can be used to sign in", type: "checkbox" }, { name: "is_verified", label: "Verified", type: "checkbox" }],
    toCall: (given) => ({ method: "POST", path: path("contact-channels"), body: { user_id: id, type: "email", ...given } }),
  });
}

async function joinTeam(id) {
  const teams = await read({ path: path("teams") });
  openForm({
    title: "Add to a team",
    submit: "Add",
    message: "Added to the team.",
    fields: [{ name: "team", label: "Team", type: "select", required: true, options: (teams?.items ?? []).map((each) => [each.id, each.display_name]) }],
    toCall: (given) => ({ method: "POST", path: path("team-memberships", given.team, id) }),
  });
}

async function grant(id) {
  const found = await read({ access: "admin", path: path("project-permission-definitions") });
  openForm({
    title: "Grant a project permission",
    note: "Define permissions under Project.",
    submit: "Grant",
    message: "Permission granted.",
    fields: [{ name: "permission", label: "Permission", type: "select", required: true, options: (found?.items ?? []).map((each) => [each.id, each.id]) }],
    toCall: (given) => ({ method: "POST", path: path("project-permissions", id, given.permission) }),
  });
}

export function createKey(id, kind = "user") {
  openForm({
    title: "Create an API key",
    note: "The key is part of the reply, under Calls of this page. It is shown only once.",
    submit: "Create",
    message: "API key created. The key is in the reply below.",
    fields: [{ name: "description", label: "Description", required: true }, { name: "days", label: "Days until it expires", type: "number", min: 1, hint: "Empty: it does not expire" }],
    toCall: (given) => ({ method: "POST", path: path(`${kind}-api-keys`), body: {
      [`${kind}_id`]: id, description: given.description, expires_at_millis: given.days ? Math.round(now() / 1000 + given.days * 86400) * 1000 : null,
    } }),
  });
}
