// Text from outside reaches the page as text nodes and attributes alone, never as markup.

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const text = (value) => (value == null ? "" : String(value));
const code = (value) => element("code", {}, text(value));
const badge = (value, kind = "") => element("span", { class: `badge ${kind}` }, text(value));
const cell = (child, kind) => element("td", { class: kind }, child ?? "");
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const hours = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const day = (millis) => new Date(millis).toDateString();

function time(millis) {
  const moment = new Date(millis);
  if (Number.isNaN(moment.getTime())) return element("time", {}, text(millis));
  const form = day(millis) === day(shown.now_millis) ? hours : whole;
  return element("time", { datetime: moment.toISOString(), title: whole.format(moment) }, form.format(moment));
}

function link(url) {
  // Whoever calls the API chooses this URL: anything but http would run in this page.
  if (!/^https?:\/\//i.test(url)) return code(url);
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url);
}

function copyButton(value, what) {
  return element("button", { type: "button", class: "small", "aria-label": `Copy ${what}`, onclick: () => copy(value) }, "Copy");
}

async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    say("Copied.");
  } catch {
    say("The browser does not allow copying; select the text instead.", true);
  }
}

function statusBadge(status) {
  if (status == null) return element("span", { class: "badge bad status", title: "connection dropped" }, "cut");
  const kind = status < 300 ? "good" : status < 500 ? "warn" : "bad";
  return element("span", { class: `badge status ${kind}` }, text(status));
}

function pretty(content) {
  try {
    return JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    return content;
  }
}

function part(title, content) {
  if (!content) return [];
  return [element("h4", {}, title), element("pre", { tabindex: "0" }, content)];
}

const headerLines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");

async function showRequest(event) {
  const { target } = event;
  if (!target.open || target.dataset.loaded) return;
  target.dataset.loaded = "yes";
  const found = await ask("GET", `request?number=${target.dataset.number}`);
  if (!found) return;
  const query = found.query.map(([name, value]) => `${name}=${value}`).join("\n");
  target.append(element("div", { class: "inside" },
    ...part("Query", query), ...part("Request body", pretty(found.request_body)), ...part("Reply body", pretty(found.reply_body)),
    ...part("Request headers", headerLines(found.request_headers)), ...part("Reply headers", headerLines(found.reply_headers))));
}

const rows = {
  requests: (each) => element("details", { "data-number": each.number, ontoggle: showRequest },
    element("summary", {}, element("span", { class: "method" }, each.method), statusBadge(each.status),
      element("span", { class: "grow", title: each.path }, each.path), each.code ? badge(each.code, "warn") : null,
      element("span", { class: "number" }, `${(each.duration_seconds * 1000).toFixed(1)} ms`), time(each.at_millis))),
  users: (user) => element("tr", {}, cell(user.name, "cut"), cell(user.primary_email, "cut"), cell(userState(user)),
    cell(time(user.signed_up_at_millis)), cell(time(user.last_active_at_millis)), cell(code(user.id))),
  teams: (team) => element("tr", {}, cell(team.display_name, "cut"), cell(text(team.members), "number"),
    cell(time(team.created_at_millis)), cell(code(team.id))),
  sessions: (session) => element("tr", {}, cell(session.user, "cut"),
    cell(session.expires_at_millis <= shown.now_millis ? badge("over", "warn") : badge("live", "good")),
    cell(time(session.created_at_millis)), cell(time(session.last_used_at_millis)), cell(time(session.expires_at_millis)), cell(code(session.id))),
  mails: (mail) => element("details", {},
    element("summary", {}, badge(mail.kind), element("span", { class: "grow" }, `${mail.subject} — to ${mail.to}`),
      mail.short_code ? code(mail.short_code) : null, time(mail.sent_at_millis)),
    element("div", { class: "inside" },
      ...(mail.link ? [element("h4", {}, "Link"), element("p", {}, link(mail.link))] : []),
      ...(mail.code ? [element("h4", {}, "Code"), element("p", {}, code(mail.code), " ", copyButton(mail.code, "the code"))] : []),
      ...(mail.short_code ? [element("h4", {}, "To type"), element("p", {}, code(mail.short_code), " ", copyButton(mail.short_code, "the short code"))] : []),
      ...part("Text", mail.text))),
  endpoints: (endpoint) => element("tr", {}, cell(code(endpoint.url), "cut"), cell(endpoint.types.join(", ") || "all"),
    cell(element("span", {}, code(endpoint.secret), " ", copyButton(endpoint.secret, "the secret"))),
    cell(element("button", { type: "button", class: "small danger", "aria-label": `Remove ${endpoint.url}`,
      onclick: () => act("DELETE", "webhook-endpoints", { id: endpoint.id }, "Endpoint removed.") }, "Remove"))),
  deliveries: (delivery) => element("details", {},
    element("summary", {}, badge(delivery.progress, { delivered: "good", pending: "warn", failed: "bad" }[delivery.progress]),
      element("span", { class: "grow" }, `${delivery.type} to ${delivery.url}`),
      element("span", { class: "number" }, delivery.attempts.length === 1 ? "1 attempt" : `${delivery.attempts.length} attempts`)),
    element("div", { class: "inside" },
      ...(delivery.progress === "pending" ? [element("p", {}, "Next attempt: ", time(delivery.next_attempt_at_millis))] : []),
      ...(delivery.attempts.length ? [element("h4", {}, "Attempts"),
        element("ol", {}, ...delivery.attempts.map((each) => element("li", {}, time(each.at_millis), " ", text(each.status ?? each.error))))] : []),
      ...part("Message", delivery.message_id), ...part("Body", pretty(delivery.body)))),
  faults: (fault) => element("tr", {}, cell(fault.reset ? "connection dropped" : fault.status == null ? "answered late" : text(fault.status)),
    cell(text(fault.times)), cell(`${fault.delay} s`), cell([fault.method, fault.path].filter(Boolean).join(" ") || "any request")),
};

function userState(user) {
  const found = [];
  if (user.restricted_reason) found.push(badge(user.restricted_reason.replaceAll("_", " "), "warn"));
  if (user.primary_email) found.push(user.primary_email_verified ? badge("verified", "good") : badge("unverified"));
  if (user.has_password) found.push(badge("password"));
  if (user.second_factor) found.push(badge("second factor"));
  return element("span", {}, ...found);
}

let shown = {};

function fill(name, items) {
  // Rows that are as they were stay the same nodes: what is open stays open, what has the focus keeps it.
  const place = find(`[data-rows="${name}"]`);
  const before = new Map([...place.children].map((row) => [row.dataset.key, row]));
  const after = items.map((item, index) => {
    const key = JSON.stringify([day(shown.now_millis), item.id ?? item.number ?? index, item]);
    const row = before.get(key) ?? rows[name](item);
    row.dataset.key = key;
    return row;
  });
  if (after.length !== place.children.length || after.some((row, index) => row !== place.children[index])) {
    const kept = new Set(after);
    for (const row of before.values()) if (!kept.has(row)) row.remove();
    after.forEach((row, index) => {
      if (place.children[index] !== row) place.insertBefore(row, place.children[index] ?? null);
    });
  }
  find(`[data-empty="${name}"]`).hidden = items.length > 0;
  const hint = find(`[data-shown="${name}"]`);
  const count = shown.counts[name] ?? items.length;
  if (hint) hint.textContent = count > items.length ? `The latest ${items.length} of ${count}.` : "";
  const counter = find(`[data-count="${name}"]`);
  if (counter) counter.textContent = count || "";
}

function show(found) {
  shown = found;
  for (const name of Object.keys(rows)) fill(name, found[name]);
  find("#now").replaceWith(Object.assign(time(found.now_millis), { id: "now" }));
  find("#toggle-clock").textContent = found.stands_still ? "Let the clock run" : "Stop the clock";
  const ready = found.ready ?? {};
  const lines = [["HEXCLAVE_API_URL", location.origin], ...Object.entries(ready).map(([name, value]) => [`HEXCLAVE_${name.toUpperCase()}`, value])];
  const exports = lines.map(([name, value]) => `export ${name}=${value}`).join("\n");
  if (find("#exports").textContent !== exports) find("#exports").textContent = exports;
  const choice = find("#project");
  const options = JSON.stringify(found.projects);
  if (choice.dataset.options !== options) {
    choice.dataset.options = options;
    choice.replaceChildren(...found.projects.map((each) => element("option", { value: each.id }, each.display_name)));
  }
  choice.value = found.project_id;
}

function say(message, bad = false) {
  find("#said").textContent = message;
  find("#said").toggleAttribute("data-bad", bad);
}

async function ask(method, path, body) {
  try {
    const reply = await fetch(`/_emulator/api/${path}`, { method, body: body && JSON.stringify(body) });
    if (reply.ok) return await reply.json();
    say(await reply.text(), true);
  } catch {
    return live(false);
  }
}

function live(yes) {
  find("#live").dataset.live = yes;
  find("#live").textContent = yes ? "Live" : "The emulator does not answer";
}

let project = "";

async function refresh() {
  const found = await ask("GET", `overview${project && `?project=${encodeURIComponent(project)}`}`);
  if (!found) return;
  show(found);
  live(true);
}

async function act(method, path, body, message) {
  if (!(await ask(method, path, body))) return;
  say(message);
  await refresh();
}

function go() {
  const wanted = all("main > section").find((section) => `#${section.id}` === location.hash) ?? find("#requests");
  for (const section of all("main > section")) section.hidden = section !== wanted;
  for (const entry of all("nav a")) {
    if (entry.hash === `#${wanted.id}`) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
  document.title = `${wanted.querySelector("h2").textContent} · Hexclave emulator`;
  say("");
  scrollTo(0, 0);
}

function onSubmit(selector, handler) {
  find(selector).addEventListener("submit", (event) => {
    event.preventDefault();
    handler(Object.fromEntries(new FormData(event.target)), event.target);
  });
}

onSubmit("#add-fault", (given) => {
  const fault = { times: Number(given.times), delay: Number(given.delay) };
  if (given.path) fault.path = given.path;
  if (given.kind === "reset") fault.reset = true;
  else if (given.kind !== "slow") fault.status = Number(given.kind);
  if (given.retry_after) fault.headers = { "retry-after": given.retry_after };
  return act("POST", "faults", fault, "The fault waits for its requests.");
});
onSubmit("#move-clock", (given) => act("POST", "clock", { advance_seconds: Number(given.seconds) }, "The clock was moved."));
onSubmit("#add-endpoint", (given, form) => {
  form.reset();
  return act("POST", "webhook-endpoints", { url: given.url, project_id: shown.project_id }, "Events go there from now on.");
});
find("#toggle-clock").addEventListener("click", () =>
  act("POST", "clock", shown.stands_still ? { resume: true } : { freeze_at_millis: shown.now_millis }, "The clock was changed."));
find("#clear-faults").addEventListener("click", () => act("DELETE", "faults", undefined, "No faults wait."));
find("#reset").addEventListener("click", () => find("#confirm-reset").showModal());
find("#confirm-no").addEventListener("click", () => find("#confirm-reset").close());
find("#confirm-yes").addEventListener("click", () => {
  find("#confirm-reset").close();
  project = "";
  return act("POST", "reset", undefined, "The emulator begins anew, with new keys.");
});
find("#project").addEventListener("change", (event) => {
  project = event.target.value;
  return refresh();
});
for (const button of all("[data-copy-from]")) {
  button.addEventListener("click", () => copy(find(`#${button.dataset.copyFrom}`).textContent));
}
window.addEventListener("hashchange", go);
document.addEventListener("visibilitychange", () => document.hidden || refresh());

async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, 1000);
}

go();
watch();
