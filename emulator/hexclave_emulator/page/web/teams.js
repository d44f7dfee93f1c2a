import { one, path, pythonOf, read } from "./api.js";
import { openForm } from "./dialogs.js";
import { button, code, element, heading, table, time } from "./elements.js";
import { block } from "./secrets.js";
import { createKey, keyTable } from "./user.js";

let query = "";

export function newTeam() {
  openForm({
    title: "New team",
    submit: "Create team",
    message: "Team created.",
    fields: [{ name: "display_name", label: "Display name", required: true }, { name: "creator", label: "Creator", type: "user", hint: "A user who becomes a member, with the permissions of a team creator" }],
    toCall: (given) => ({ method: "POST", path: path("teams"), body: { display_name: given.display_name, ...(given.creator && { creator_user_id: given.creator }) } }),
    done: (team) => { location.hash = `#teams/${team.id}`; },
  });
}

export async function showTeams(section) {
  const pythons = [];
  const found = await read({ path: path("teams") }, pythons);
  if (!found) return;
  if (!section.querySelector(".list")) {
    section.replaceChildren(heading("Teams", button("New team", newTeam, { class: "primary", "aria-keyshortcuts": "n" })),
      element("form", { class: "line", role: "search", onsubmit: (event) => event.preventDefault() }, element("label", {}, "Search ",
        element("input", { type: "search", value: query, size: 28, placeholder: "Name or id", "aria-keyshortcuts": "/", oninput: (event) => {
          query = event.target.value;
          showTeams(section);
        } }))),
      element("div", { class: "list" }));
  }
  const words = query.toLowerCase();
  const teams = found.items.filter((each) => each.id === words || each.display_name.toLowerCase().includes(words)).reverse();
  section.querySelector(".list").replaceChildren(
    table("Teams", ["Name", "Created", "Id"], teams.slice(0, 500).map((team) => [
      element("a", { href: `#teams/${team.id}` }, team.display_name), time(team.created_at_millis), code(team.id)]), query ? "No team matches." : "No teams yet."),
    teams.length > 500 ? element("p", { class: "hint" }, `The latest 500 of ${teams.length}.`) : "", pythonOf(pythons));
}

export async function showTeam(section, id) {
  const pythons = [];
  const team = await read({ path: path("teams", id) }, pythons);
  if (!team) {
    section.replaceChildren(heading("No such team"), element("p", {}, element("a", { href: "#teams" }, "All teams")));
    return undefined;
  }
  const [members, permissions, keys] = await Promise.all([
    read({ path: path("team-member-profiles"), query: { team_id: id } }, pythons),
    read({ path: path("team-permissions"), query: { team_id: id, recursive: false } }, pythons),
    read({ path: path("team-api-keys"), query: { team_id: id } }, pythons)]);
  const metadata = ["client_metadata", "client_read_only_metadata", "server_metadata"].filter((name) => team[name] != null);
  return () => section.replaceChildren(
    element("p", { class: "crumb" }, element("a", { href: "#teams" }, "Teams")),
    heading(team.display_name, button("Edit…", () => editTeam(team), { "aria-keyshortcuts": "e" }), button("Delete…", () => deleteTeam(team), { class: "danger" })),
    element("dl", { class: "facts" }, element("dt", {}, "Id"), element("dd", {}, code(team.id)), element("dt", {}, "Created"), element("dd", {}, time(team.created_at_millis))),
    element("div", { class: "heading" }, element("h3", {}, "Members"), element("div", { class: "line" }, button("Add a member…", () => addMember(id)))),
    memberTable(id, members?.items ?? [], permissions?.items ?? []),
    element("div", { class: "heading" }, element("h3", {}, "API keys"), element("div", { class: "line" }, button("Create…", () => createKey(id, "team")))),
    keyTable(keys?.items ?? [], "team"),
    ...(metadata.length ? [element("h3", {}, "Metadata"), ...metadata.flatMap((name) => [element("h4", {}, name), block(JSON.stringify(team[name], null, 2), name)])] : []),
    pythonOf(pythons));
}

function memberTable(id, members, permissions) {
  return table("Members", ["Member", "Permissions", ""], members.map((member) => {
    const user = member.user ?? {};
    const name = member.display_name || user.display_name || user.primary_email || member.user_id;
    const own = permissions.filter((each) => each.user_id === member.user_id);
    return [element("a", { href: `#users/${member.user_id}` }, name),
      element("span", { class: "line" }, ...own.map((each) => element("span", { class: "badge" }, each.id, " ",
        one("×", { method: "DELETE", path: path("team-permissions", id, member.user_id, each.id) }, "Permission revoked.", { class: "bare", "aria-label": `Revoke ${each.id} of ${name}` })))),
      element("span", { class: "line" }, button("Grant…", () => grant(id, member.user_id, name), { class: "small", "aria-label": `Grant a permission to ${name}` }),
        one("Remove", { method: "DELETE", path: path("team-memberships", id, member.user_id) }, "Member removed.", { "aria-label": `Remove ${name}` }))];
  }), "No members.");
}

function editTeam(team) {
  openForm({
    title: "Edit team",
    message: "Team updated.",
    fields: [{ name: "display_name", label: "Display name", value: team.display_name, required: true }, { name: "server_metadata", label: "Server metadata", type: "json", value: team.server_metadata ?? undefined }],
    toCall: (given) => ({ method: "PATCH", path: path("teams", team.id), body: Object.fromEntries(Object.entries(given).filter(([name, value]) => JSON.stringify(team[name] ?? null) !== JSON.stringify(value))) }),
  });
}

function deleteTeam(team) {
  openForm({
    title: `Delete ${team.display_name}?`,
    note: "Its memberships, permissions and keys are deleted too; its members stay users.",
    submit: "Delete team",
    danger: true,
    message: "Team deleted.",
    toCall: () => ({ method: "DELETE", path: path("teams", team.id) }),
    done: () => { location.hash = "#teams"; },
  });
}

function addMember(id) {
  openForm({
    title: "Add a member",
    submit: "Add",
    message: "Member added.",
    fields: [{ name: "user", label: "User", type: "user", required: true, placeholder: "Search by name or email" }],
    toCall: (given) => ({ method: "POST", path: path("team-memberships", id, given.user) }),
  });
}

async function grant(id, userId, name) {
  const found = await read({ access: "admin", path: path("team-permission-definitions") });
  openForm({
    title: `Grant a permission to ${name}`,
    submit: "Grant",
    message: "Permission granted.",
    fields: [{ name: "permission", label: "Permission", type: "select", required: true, options: (found?.items ?? []).map((each) => [each.id, each.id]) }],
    toCall: (given) => ({ method: "POST", path: path("team-permissions", id, userId, given.permission) }),
  });
}
