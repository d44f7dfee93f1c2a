// Text from outside reaches the page as text nodes and attributes alone, never as markup.

export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value != null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

export const text = (value) => (value == null ? "" : String(value));
export const code = (value) => element("code", {}, text(value));
export const badge = (value, kind = "") => element("span", { class: `badge ${kind}` }, text(value));
export const cell = (child, kind, label) => element("td", { class: kind, "data-label": label }, child ?? "");

export function button(label, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, label);
}

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const hours = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
export const day = (millis) => new Date(millis).toDateString();
const clock = { millis: 0 };

export function setNow(millis) {
  clock.millis = millis;
}

export const now = () => clock.millis;

export function time(millis) {
  if (millis == null) return "";
  const moment = new Date(millis);
  if (Number.isNaN(moment.getTime())) return element("time", {}, text(millis));
  const form = day(millis) === day(clock.millis) ? hours : whole;
  return element("time", { datetime: moment.toISOString(), title: whole.format(moment) }, form.format(moment));
}

export function link(url) {
  // Whoever calls the API chooses this URL: anything but http would run in this page.
  if (!/^https?:\/\//i.test(url)) return code(url);
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url);
}

export function pretty(content) {
  if (typeof content !== "string") return JSON.stringify(content, null, 2);
  try {
    return JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    return content;
  }
}

export function statusBadge(status) {
  if (status == null) return element("span", { class: "badge bad status", title: "connection dropped" }, "cut");
  const kind = status < 300 ? "good" : status < 500 ? "warn" : "bad";
  return element("span", { class: `badge status ${kind}` }, text(status));
}

export function say(message, bad = false) {
  const said = find("dialog[open] [role=alert]") ?? find("#said");
  said.textContent = message;
  said.toggleAttribute("data-bad", bad);
}

export async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    find("#said").textContent = "Copied.";
  } catch {
    say("The browser does not allow copying; select the text instead.", true);
  }
}

export function copyButton(value, what) {
  return button("Copy", () => copy(value), { class: "small", "aria-label": `Copy ${what}` });
}

export function heading(title, ...actions) {
  return element("div", { class: "heading" }, element("h2", { tabindex: "-1" }, title), element("div", { class: "line" }, ...actions));
}

export function table(label, columns, rows, nothing) {
  if (!rows.length) return element("p", { class: "empty" }, nothing);
  const head = columns.map((name) => element("th", { scope: "col" }, name || element("span", { class: "unseen" }, "Actions")));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((child, index) => cell(child, columns[index] ? "cut" : "actions", columns[index]))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)));
}
