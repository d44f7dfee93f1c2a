// The lists that the emulator keeps itself: requests, sessions, emails, webhooks, faults.
import { ask, record, state } from "./api.js";
import { all, badge, button, cell, code, copyButton, day, element, find, link, now, pretty, say, statusBadge, text, time } from "./elements.js";
import { part, pythonBlock, secret } from "./secrets.js";

const headerLines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");

async function showRequest({ target }) {
  if (!target.open || target.dataset.loaded) return;
  target.dataset.loaded = "yes";
  const found = await ask("GET", `request?number=${target.dataset.number}`);
  if (!found) return;
  const query = found.query.map(([name, value]) => `${name}=${value}`).join("\n");
  target.append(element("div", { class: "inside" },
    element("div", { class: "line" }, button("Replay", () => replay(found), { class: "small", "aria-label": `Replay request ${found.number}` })),
    element("h4", {}, "Python"), pythonBlock(found),
    ...part("Query", query), ...part("Request body", pretty(found.request_body)), ...part("Reply body", pretty(found.reply_body)),
    ...part("Request headers", headerLines(found.request_headers)), ...part("Reply headers", headerLines(found.reply_headers))));
}

async function replay(request) {
  const found = await ask("POST", "replay", { number: request.number });
  if (!found) return;
  record(request, found);
  const same = found.status === request.status ? "as before" : `before: ${request.status ?? "no reply"}`;
  say(`Replayed request ${request.number}: ${found.status}, ${same}.`);
  await state.refresh();
}

export async function act(method, path, body, message) {
  if (!(await ask(method, path, body))) return;
  say(message);
  await state.refresh();
}

const rows = {
  requests: (each) => element("details", { "data-number": each.number, ontoggle: showRequest },
    element("summary", {}, element("span", { class: "method" }, each.method), statusBadge(each.status),
      element("span", { class: "grow", title: each.path }, each.path), each.code ? badge(each.code, "warn") : null,
      element("span", { class: "number" }, `${(each.duration_seconds * 1000).toFixed(1)} ms`), time(each.at_millis))),
  sessions: (session) => element("tr", {}, cell(element("a", { href: `#users/${session.user_id}` }, session.user), "cut", "User"),
    cell(session.expires_at_millis <= now() ? badge("expired", "warn") : badge("live", "good"), "", "State"),
    cell(time(session.created_at_millis), "", "Began"), cell(time(session.last_used_at_millis), "", "Last used"), cell(time(session.expires_at_millis), "", "Ends"), cell(code(session.id), "", "Id")),
  mails: (mail) => element("details", {},
    element("summary", {}, badge(mail.kind), element("span", { class: "grow" }, `${mail.subject} — to ${mail.to}`),
      mail.short_code ? code(mail.short_code) : null, time(mail.sent_at_millis)),
    element("div", { class: "inside" },
      ...(mail.link ? [element("h4", {}, "Link"), element("p", {}, link(mail.link))] : []),
      ...(mail.code ? [element("h4", {}, "Code"), element("p", {}, code(mail.code), " ", copyButton(mail.code, "the code"))] : []),
      ...(mail.short_code ? [element("h4", {}, "To type"), element("p", {}, code(mail.short_code), " ", copyButton(mail.short_code, "the short code"))] : []),
      ...part("Text", mail.text))),
  endpoints: (endpoint) => element("tr", {}, cell(code(endpoint.url), "cut", "Endpoint"), cell(endpoint.types.join(", ") || "all", "", "Events"),
    cell(secret(endpoint.secret, "the secret"), "", "Secret"),
    cell(button("Remove", () => act("DELETE", "webhook-endpoints", { id: endpoint.id }, "Endpoint removed."), { class: "small danger", "aria-label": `Remove ${endpoint.url}` }), "actions")),
  deliveries: (delivery) => element("details", {},
    element("summary", {}, badge(delivery.progress, { delivered: "good", pending: "warn", failed: "bad" }[delivery.progress]),
      element("span", { class: "grow" }, `${delivery.type} to ${delivery.url}`),
      element("span", { class: "number" }, delivery.attempts.length === 1 ? "1 attempt" : `${delivery.attempts.length} attempts`)),
    element("div", { class: "inside" },
      ...(delivery.progress === "pending" ? [element("p", {}, "Next attempt: ", time(delivery.next_attempt_at_millis))] : []),
      ...(delivery.attempts.length ? [element("h4", {}, "Attempts"),
        element("ol", {}, ...delivery.attempts.map((each) => element("li", {}, time(each.at_millis), " ", text(each.status ?? each.error))))] : []),
      ...part("Message", delivery.message_id), ...part("Body", pretty(delivery.body)))),
  faults: (fault) => element("tr", {}, cell(fault.reset ? "connection dropped" : fault.status == null ? "delayed reply" : text(fault.status), "", "Effect"),
    cell(text(fault.times), "", "Left"), cell(`${fault.delay} s`, "", "Delay"), cell([fault.method, fault.path].filter(Boolean).join(" ") || "any request", "cut", "Only")),
};

function fill(name, items, counts) {
  // Rows that are as they were stay the same nodes: what is open stays open, what has the focus keeps it.
  const place = find(`[data-rows="${name}"]`);
  const before = new Map([...place.children].map((row) => [row.dataset.key, row]));
  const after = items.map((item, index) => {
    const key = JSON.stringify([day(now()), item.id ?? item.number ?? index, item]);
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
  const count = counts[name] ?? items.length;
  if (hint) hint.textContent = count > items.length ? `The latest ${items.length} of ${count}.` : "";
}

export function fillAll(found) {
  for (const name of Object.keys(rows)) fill(name, found[name], found.counts);
  for (const counter of all("[data-count]")) {
    const name = counter.dataset.count;
    counter.textContent = (found.counts[name] ?? found[name].length) || "";
  }
}
