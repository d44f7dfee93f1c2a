import { badge, button, element, find, pretty, say, statusBadge } from "./elements.js";
import { part, pythonBlock } from "./secrets.js";

export const state = { project: "", overview: null, refresh: () => {} };

export async function ask(method, path, body) {
  try {
    const reply = await fetch(`/_emulator/api/${path}`, { method, body: body && JSON.stringify(body) });
    if (reply.ok) return await reply.json();
    say(await reply.text(), true);
  } catch {
    live(false);
  }
  return undefined;
}

export function live(yes) {
  find("#live").dataset.live = yes;
  find("#live").textContent = yes ? "Live" : "The emulator does not answer";
}

// A path from its segments, each escaped.
export const path = (...segments) => `/${segments.map(encodeURIComponent).join("/")}`;

function sent(call) {
  const query = Object.fromEntries(Object.entries(call.query ?? {}).filter(([, value]) => value !== "" && value != null).map(([name, value]) => [name, String(value)]));
  return { access: "server", ...call, query, ...(state.project && { project_id: state.project }) };
}

export const preview = (call) => ask("POST", "python", sent(call));
const post = (call) => ask("POST", "call", sent(call));

export function problem(found) {
  if (found.status < 400) return "";
  const said = typeof found.body === "string" ? found.body : found.body?.error;
  return `${found.code ?? found.status}: ${said}`;
}

// A read for a view, which shows its Python; the reply's body, or nothing if it failed.
export async function read(call, pythons) {
  const found = await post({ method: "GET", ...call });
  if (!found) return undefined;
  pythons?.push(found);
  if (found.status >= 400) {
    say(problem(found), true);
    return undefined;
  }
  return found.body;
}

// A change. What it answered is kept in the list of calls.
export async function change(call, message) {
  const found = await post(call);
  if (!found) return undefined;
  record(call, found);
  if (found.status < 400) {
    if (message) say(message);
    await state.refresh();
  }
  return found;
}

export function record(call, found) {
  find("#calls").hidden = false;
  find("#show-call").hidden = false;
  const rows = find("#calls .rows");
  rows.prepend(element("details", {},
    element("summary", {}, element("span", { class: "method" }, call.method), statusBadge(found.status),
      element("span", { class: "grow", title: call.path }, call.path), found.code ? badge(found.code, "warn") : null),
    element("div", { class: "inside" }, element("h4", {}, "Python"), pythonBlock(found), ...part("Reply", pretty(found.body)))));
  while (rows.children.length > 20) rows.lastChild.remove();
}

export function clearCalls() {
  find("#calls .rows").replaceChildren();
  find("#calls").hidden = true;
  find("#show-call").hidden = true;
}

export const one = (label, call, message, attributes = {}) =>
  button(label, async () => {
    const found = await change(call, message);
    if (found?.status >= 400) say(problem(found), true);
  }, { class: "small", ...attributes });

export function pythonOf(pythons) {
  return element("details", { class: "python" }, element("summary", {}, "Python of this view"),
    element("div", { class: "inside" }, ...pythons.map((each) => pythonBlock(each))));
}
