import { openDialog } from "./dialogs.js";
import { button, element, find } from "./elements.js";

const PLACES = { r: "requests", u: "users", t: "teams", s: "sessions", c: "cli", m: "mails", w: "webhooks", f: "faults", p: "project" };
const WORDS = [["/", "Search"], ["n", "New user or team"], ["e", "Edit what is shown"], ["j, k", "Next and previous row"], ["Escape", "Close a dialog"], ["?", "This list"],
  ...Object.entries(PLACES).map(([key, place]) => [`g ${key}`, place === "cli" ? "Go to command-line logins" : `Go to ${place === "mails" ? "emails" : place}`])];
const OFF = "hexclave-emulator-shortcuts-off";
let pending = false;

const stored = () => {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false;
  }
};

export function help() {
  const box = element("input", { type: "checkbox", checked: !stored(), onchange: (event) => localStorage.setItem(OFF, event.target.checked ? "no" : "yes") });
  openDialog("Keyboard shortcuts",
    element("dl", { class: "facts" }, ...WORDS.flatMap(([keys, words]) => [element("dt", {}, element("kbd", {}, keys)), element("dd", {}, words)])),
    element("label", { class: "check" }, box, " Use single-key shortcuts"),
    element("div", { class: "line" }, button("Close", (event) => event.target.closest("dialog").close())));
}

function move(step) {
  const section = find("main > section:not([hidden])");
  const rows = [...section.querySelectorAll("summary, tbody tr a[href^='#']")].filter((each) => each.checkVisibility());
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
}

export function onKey(event) {
  const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (event.ctrlKey || event.metaKey || event.altKey || typing || find("dialog[open]") || (stored() && event.key !== "?")) return;
  // What is typed must not end in the field of a dialog that it opens.
  if (["g", "?", "/", "n", "e", "j", "k"].includes(event.key)) event.preventDefault();
  if (pending) {
    pending = false;
    const place = PLACES[event.key];
    if (place) location.hash = `#${place}`;
    return;
  }
  const shown = (key) => find(`main > section:not([hidden]) [aria-keyshortcuts="${key}"]`);
  if (event.key === "g") {
    pending = true;
    setTimeout(() => { pending = false; }, 1500);
  } else if (event.key === "?") help();
  else if (event.key === "/") shown("/")?.focus();
  else if (event.key === "n" || event.key === "e") shown(event.key)?.click();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
}
