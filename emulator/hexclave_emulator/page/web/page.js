import { act, fillAll } from "./activity.js";
import { ask, clearCalls, live, state } from "./api.js";
import { all, element, find, say, setNow, time } from "./elements.js";
import { showProject } from "./project.js";
import { setSecretFields } from "./secrets.js";
import { help, onKey } from "./shortcuts.js";
import { showLogins } from "./signing_in.js";
import { showTeam, showTeams } from "./teams.js";
import { showUser } from "./user.js";
import { showUsers } from "./users.js";

// Sections that are drawn from calls of the API. A view that returns a function is drawn by it, if nothing else was asked for.
const views = { users: showUsers, user: showUser, teams: showTeams, team: showTeam, project: showProject, cli: showLogins };
let drawn = "";
let drawing = 0;

const place = () => location.hash.slice(1).split("/").map(decodeURIComponent);

async function draw(section, id) {
  drawing += 1;
  const number = drawing;
  const show = await views[section.id]?.(section, id);
  if (number === drawing) show?.();
}

// What a view shows changes with requests and with the project.
const version = () => JSON.stringify([state.overview.project_id, state.overview.requests[0]?.number, state.overview.cli_logins.map((each) => each.id), state.overview.counts.users, location.hash]);

async function redraw(section, id) {
  if (!state.overview || !views[section.id] || drawn === version()) return;
  drawn = version();
  const focused = section.contains(document.activeElement) && document.activeElement.tagName !== "INPUT" ? all("button, a", section).indexOf(document.activeElement) : -1;
  await draw(section, id);
  if (focused >= 0 && document.activeElement === document.body) (all("button, a", section)[focused] ?? find("h2", section))?.focus();
}

function wanted() {
  const [name, id] = place();
  const single = { users: "user", teams: "team" }[name];
  return [find(`main > section#${id && single ? single : /^\w+$/.test(name) ? name : "requests"}`) ?? find("#requests"), id];
}

function title() {
  document.title = `${find("main > section:not([hidden]) h2")?.textContent ?? "Hexclave"} · Hexclave emulator`;
}

async function go() {
  const [section, id] = wanted();
  const [name] = place();
  // A link in the navigation keeps the focus; what leads here from elsewhere is gone.
  const byNavigation = find("nav").contains(document.activeElement);
  await redraw(section, id);
  if (section !== wanted()[0]) return;
  for (const each of all("main > section")) each.hidden = each !== section;
  for (const entry of all("nav a")) {
    if (entry.hash === `#${name || "requests"}`) {
      entry.setAttribute("aria-current", "page");
      // Not scrollIntoView, after which Tab would begin here instead of at the skip link.
      find("nav").scrollLeft = entry.offsetLeft - find("nav").clientWidth / 3;
    } else entry.removeAttribute("aria-current");
  }
  if (byNavigation) {
    say("");
    find("#show-call").hidden = true;
  }
  scrollTo(0, 0);
  title();
  if (id && !byNavigation) find("h2", section)?.focus();
}

function show(found) {
  state.overview = found;
  setNow(found.now_millis);
  fillAll(found);
  find("#now").replaceWith(Object.assign(time(found.now_millis), { id: "now" }));
  find("#toggle-clock").textContent = found.stands_still ? "Let the clock run" : "Stop the clock";
  const choice = find("#project-choice");
  const options = JSON.stringify(found.projects);
  if (choice.dataset.options !== options) {
    choice.dataset.options = options;
    choice.replaceChildren(...found.projects.map((each) => element("option", { value: each.id }, each.display_name)));
  }
  choice.value = found.project_id;
}

state.refresh = async () => {
  const found = await ask("GET", `overview${state.project && `?project=${encodeURIComponent(state.project)}`}`);
  if (!found) return;
  setSecretFields(found.secret_fields);
  show(found);
  live(true);
  await redraw(...wanted());
  title();
};

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
  return act("POST", "faults", fault, "Fault added. This page's own calls are exempt.");
});
onSubmit("#move-clock", (given) => act("POST", "clock", { advance_seconds: Number(given.seconds) }, "Clock moved."));
onSubmit("#add-endpoint", (given, form) => {
  form.reset();
  return act("POST", "webhook-endpoints", { url: given.url, project_id: state.overview.project_id }, "Endpoint added.");
});
find("#toggle-clock").addEventListener("click", () =>
  act("POST", "clock", state.overview.stands_still ? { resume: true } : { freeze_at_millis: state.overview.now_millis }, "Clock changed."));
find("#clear-faults").addEventListener("click", () => act("DELETE", "faults", undefined, "All faults removed."));
find("#reset").addEventListener("click", () => find("#confirm-reset").showModal());
find("#confirm-no").addEventListener("click", () => find("#confirm-reset").close());
find("#confirm-yes").addEventListener("click", () => {
  find("#confirm-reset").close();
  state.project = "";
  clearCalls();
  for (const name of Object.keys(views)) find(`#${name}`).replaceChildren();
  return act("POST", "reset", undefined, "The emulator was reset. It has new keys.");
});
find("#project-choice").addEventListener("change", (event) => {
  state.project = event.target.value;
  clearCalls();
  for (const name of Object.keys(views)) find(`#${name}`).replaceChildren();
  if (place().length > 1) location.hash = `#${place()[0]}`;
  return state.refresh();
});
find("#show-call").addEventListener("click", () => {
  const latest = find("#calls details");
  latest.open = true;
  latest.querySelector("summary").focus();
});
find("#help").addEventListener("click", help);
window.addEventListener("hashchange", go);
window.addEventListener("keydown", onKey);
document.addEventListener("visibilitychange", () => document.hidden || state.refresh());

async function watch() {
  if (!document.hidden) await state.refresh();
  setTimeout(watch, 1000);
}

go();
watch();
