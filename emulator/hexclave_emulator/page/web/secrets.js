import { button, code, copyButton, element } from "./elements.js";

const DOTS = "••••••••";
const HEADERS = /^((?:x-stack|x-hexclave)-(?:[a-z-]*(?:key|token))|authorization|cookie|set-cookie): .*$/gim;
// Created keys are in fields that elsewhere hold no secret.
const KEYS = /"(?:sk|pk|ssk|sak)_[a-z0-9]{16,}"/g;
let fields = /(?!)/g;

// Which fields of a body are secret is said by the API's description.
export function setSecretFields(names) {
  fields = new RegExp(`("(?:${names.join("|")})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, "g");
}

const masked = (content) => content.replace(fields, `$1"${DOTS}"`).replace(KEYS, `"${DOTS}"`).replace(HEADERS, `$1: ${DOTS}`);

function toggle(place, shown, hidden, what) {
  let open = false;
  const made = button("Show", () => {
    open = !open;
    place.textContent = open ? shown : hidden;
    made.textContent = open ? "Hide" : "Show";
    made.setAttribute("aria-pressed", open);
  }, { class: "small", "aria-label": `Show ${what}`, "aria-pressed": "false" });
  return made;
}

export function secret(value, what) {
  const place = code(DOTS);
  return element("span", { class: "secret" }, place, " ", toggle(place, value, DOTS, what), " ", copyButton(value, what));
}

export function block(content, what, hidden = masked(content)) {
  const place = element("pre", { tabindex: "0" }, hidden);
  const tools = element("div", { class: "tools" }, hidden === content ? null : toggle(place, content, hidden, `secrets of ${what}`), copyButton(content, what));
  return element("div", { class: "block" }, place, tools);
}

export function part(title, content) {
  return content ? [element("h4", {}, title), block(content, title.toLowerCase())] : [];
}

export function pythonBlock(found, what = "Python") {
  return found.python == null
    ? element("p", { class: "hint" }, "The SDK has no call that sends exactly this.")
    : block(found.python.trim(), what, found.masked.trim());
}
