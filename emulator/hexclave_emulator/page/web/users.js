import { openForm } from "./dialogs.js";
import { path, pythonOf, read, state } from "./api.js";
import { badge, button, element, find, heading, table, time } from "./elements.js";

const SIZE = 50;
const search = { query: "", order: "signed_up_at", cursors: [], next: null };

export function userBadges(user) {
  return element("span", { class: "badges" },
    user.restricted_reason ? badge(user.restricted_reason.type.replaceAll("_", " "), "warn") : null,
    user.is_anonymous ? badge("anonymous") : null,
    user.primary_email && badge(...(user.primary_email_verified ? ["verified", "good"] : ["unverified"])),
    user.has_password ? badge("password") : null,
    user.requires_totp_mfa ? badge("second factor") : null);
}

export const userName = (user) => user.display_name || user.primary_email || (user.is_anonymous ? "anonymous" : user.id);

export function newUser() {
  openForm({
    title: "New user",
    submit: "Create user",
    message: "User created.",
    fields: [
      { name: "display_name", label: "Display name" },
      { name: "primary_email", label: "Email", type: "email" },
      { name: "password", label: "Password", type: "password", hint: "8 to 70 characters; without one, the user signs in with a code" },
      { name: "verified", label: "The email is verified", type: "checkbox", value: true },
      { name: "server_metadata", label: "Server metadata", type: "json" },
    ],
    toCall: (given) => ({ method: "POST", path: path("users"), body: {
      display_name: given.display_name || null,
      ...(given.primary_email && { primary_email: given.primary_email, primary_email_verified: given.verified, primary_email_auth_enabled: true }),
      ...(given.password && { password: given.password }),
      ...(given.server_metadata != null && { server_metadata: given.server_metadata }),
    } }),
    done: (user) => { location.hash = `#users/${user.id}`; },
  });
}

function seek(changes, section) {
  Object.assign(search, { cursors: [] }, changes);
  return showUsers(section);
}

function frame(section) {
  let timer;
  search.cursors = [];
  section.replaceChildren(
    heading("Users", button("New user", newUser, { class: "primary", "aria-keyshortcuts": "n" })),
    element("form", { class: "line", role: "search", onsubmit: (event) => event.preventDefault() },
      element("label", {}, "Search ", element("input", { type: "search", value: search.query, placeholder: "Name, email or exact id", size: 28, "aria-keyshortcuts": "/", oninput: (event) => {
        clearTimeout(timer);
        timer = setTimeout(() => seek({ query: event.target.value }, section), 200);
      } })),
      element("label", {}, "Order ", element("select", { onchange: (event) => seek({ order: event.target.value }, section) },
        ...[["signed_up_at", "Newest sign-up"], ["last_active_at", "Last active"]].map(([value, label]) => element("option", { value, selected: value === search.order }, label))))),
    element("div", { class: "list" }));
}

let asked = 0;

export async function showUsers(section) {
  if (!find(".list", section)) frame(section);
  asked += 1;
  const number = asked;
  const pythons = [];
  const found = await read({ path: path("users"), query: {
    query: search.query, limit: SIZE, order_by: search.order, desc: true, include_restricted: true, include_anonymous: true, cursor: search.cursors.at(-1),
  } }, pythons);
  if (!found || number !== asked) return;
  search.next = found.pagination?.next_cursor;
  const first = search.cursors.length * SIZE;
  const total = state.overview?.counts.users;
  const range = found.items.length ? `${first + 1} to ${first + found.items.length}${search.query ? "" : ` of ${total}`}` : "";
  const turn = (change) => async () => {
    change();
    await showUsers(section);
    find(".pager", section)?.focus();
  };
  find(".list", section).replaceChildren(
    element("div", { class: "line pager", tabindex: "-1", role: "group", "aria-label": "Pages" },
      button("Previous", turn(() => search.cursors.pop()), { disabled: !search.cursors.length }),
      button("Next", turn(() => search.cursors.push(search.next)), { disabled: !search.next }),
      element("span", { class: "hint", role: "status" }, range)),
    table("Users", ["Name", "Email", "State", "Signed up", "Last active", "Id"], found.items.map((user) => [
      element("a", { href: `#users/${user.id}` }, userName(user)), user.primary_email, userBadges(user),
      time(user.signed_up_at_millis), time(user.last_active_at_millis), element("code", { title: user.id }, `${user.id.slice(0, 8)}…`)]),
    search.query ? "No user matches." : "No users yet. Create one here, or point an app to the emulator."),
    pythonOf(pythons));
}
