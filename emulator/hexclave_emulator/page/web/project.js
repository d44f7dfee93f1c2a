import { one, path, pythonOf, read, state } from "./api.js";
import { openForm } from "./dialogs.js";
import { badge, button, code, element, heading, table } from "./elements.js";
import { block, secret } from "./secrets.js";

const SWITCHES = [
  ["sign_up_enabled", "People can sign up"], ["credential_enabled", "Sign-in with a password"], ["magic_link_enabled", "Sign-in with a code by email"],
  ["passkey_enabled", "Sign-in with a passkey"], ["client_team_creation_enabled", "Clients can create teams"], ["create_team_on_sign_up", "Each new user gets a team"],
  ["client_user_deletion_enabled", "Users can delete their account"], ["allow_user_api_keys", "Users can have API keys"], ["allow_team_api_keys", "Teams can have API keys"],
  ["allow_localhost", "Localhost is a trusted domain"],
];
const KINDS = [["team-permission-definitions", "Team permissions"], ["project-permission-definitions", "Project permissions"]];

export async function showProject(section) {
  const pythons = [];
  const [project, ...definitions] = await Promise.all([
    read({ access: "admin", path: path("internal", "projects", "current") }, pythons),
    ...KINDS.map(([kind]) => read({ access: "admin", path: path(kind) }, pythons))]);
  if (!project) return undefined;
  return () => section.replaceChildren(
    heading("Project", button("Edit settings…", () => editSettings(project), { class: "primary", "aria-keyshortcuts": "e" })),
    element("dl", { class: "facts" }, ...fact("Name", project.display_name), ...fact("Id", code(project.id)),
      ...fact("Sign-in providers", project.config.enabled_oauth_providers.map((each) => each.id).join(", ")),
      ...fact("Trusted domains", project.config.domains.map((each) => each.domain).join(", "))),
    element("h3", {}, "Settings"),
    element("ul", { class: "switches" }, ...SWITCHES.map(([name, label]) => element("li", {}, badge(...(project.config[name] ? ["on", "good"] : ["off"])), " ", label))),
    ...KINDS.flatMap(([kind, title], index) => [
      element("div", { class: "heading" }, element("h3", {}, title), element("div", { class: "line" }, button("Define…", () => define(kind, title), { "aria-label": `Define: ${title}` }))),
      table(title, ["Permission", "Description", "Contains", ""], (definitions[index]?.items ?? []).map((each) => [
        code(each.id), each.description, each.contained_permission_ids.join(", "),
        each.id.startsWith("$") ? "" : one("Delete", { access: "admin", method: "DELETE", path: path(kind, each.id) }, "Permission deleted.", { "aria-label": `Delete ${each.id}` })]), "No permissions defined.")]),
    ...keys(),
    pythonOf(pythons));
}

const fact = (name, value) => (value ? [element("dt", {}, name), element("dd", {}, value)] : []);

function keys() {
  const { ready, project_id: id } = state.overview;
  if (!ready || ready.project_id !== id) return [];
  const lines = (show) => [["HEXCLAVE_API_URL", location.origin], ...Object.entries(ready).map(([name, value]) => [`HEXCLAVE_${name.toUpperCase()}`, name.startsWith("s") && !show ? "••••••••" : value])]
    .map(([name, value]) => `export ${name}=${value}`).join("\n");
  return [element("h3", {}, "Keys"), element("p", { class: "hint" }, "Lines for a shell. Apps created without arguments then use this project."), block(lines(true), "the environment", lines(false)),
    element("dl", { class: "facts" }, ...["secret_server_key", "super_secret_admin_key"].flatMap((name) => fact(name.replaceAll("_", " "), secret(ready[name], name.replaceAll("_", " ")))))];
}

function editSettings(project) {
  openForm({
    title: "Edit settings",
    message: "Settings updated.",
    fields: [{ name: "display_name", label: "Name", value: project.display_name, required: true }, ...SWITCHES.map(([name, label]) => ({ name, label, type: "checkbox", value: project.config[name] }))],
    toCall: ({ display_name, ...given }) => {
      const config = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== project.config[name]));
      return { access: "admin", method: "PATCH", path: path("internal", "projects", "current"), body: { ...(display_name !== project.display_name && { display_name }), ...(Object.keys(config).length && { config }) } };
    },
  });
}

function define(kind, title) {
  openForm({
    title: `${title}: new permission`,
    submit: "Define",
    message: "Permission defined.",
    fields: [{ name: "id", label: "Id", required: true, placeholder: "read_reports" }, { name: "description", label: "Description" }, { name: "contained", label: "Contains", placeholder: "ids, separated by commas" }],
    toCall: (given) => ({ access: "admin", method: "POST", path: path(kind), body: {
      id: given.id, ...(given.description && { description: given.description }),
      ...(given.contained.trim() && { contained_permission_ids: given.contained.split(",").map((each) => each.trim()).filter(Boolean) }),
    } }),
  });
}
