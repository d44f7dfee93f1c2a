import { change, path, preview, problem, read } from "./api.js";
import { button, element, find, say } from "./elements.js";
import { pythonBlock } from "./secrets.js";

// A dialog that leaves the page when it closes. The browser gives the focus back to what opened it.
export function openDialog(title, ...children) {
  const opener = document.activeElement;
  const made = element("dialog", { "aria-labelledby": "dialog-title" }, element("h2", { id: "dialog-title" }, title), ...children);
  document.body.append(made);
  made.addEventListener("close", () => {
    made.remove();
    if (opener?.isConnected) opener.focus();
    else find("main > section:not([hidden]) h2")?.focus();
  });
  made.showModal();
  return made;
}

function input(field) {
  const common = { name: field.name, required: field.required, placeholder: field.placeholder, "aria-describedby": field.hint && `hint-${field.name}` };
  if (field.type === "select") {
    return element("select", common, ...field.options.map(([value, label]) => element("option", { value, selected: value === field.value }, label)));
  }
  if (field.type === "json") return element("textarea", { ...common, rows: 5, spellcheck: "false" }, field.value === undefined ? "" : JSON.stringify(field.value, null, 2));
  if (field.type === "checkbox") return element("input", { ...common, type: "checkbox", checked: Boolean(field.value) });
  if (field.type === "user") return element("input", { ...common, list: "found-users", autocomplete: "off", value: field.value, size: 36 });
  return element("input", { ...common, type: field.type ?? "text", class: field.secret && "masked", value: field.value, autocomplete: field.type === "password" ? "new-password" : "off", size: 36, step: field.step, min: field.min });
}

function row(field) {
  const control = input(field);
  const hint = field.hint && element("small", { id: `hint-${field.name}` }, field.hint);
  if (field.type === "checkbox") return element("div", { class: "check" }, element("label", {}, control, " ", field.label), hint);
  return element("div", { class: "row" }, element("label", {}, element("span", {}, field.label), control), hint);
}

function values(form, fields) {
  const found = {};
  for (const field of fields) {
    const control = form.elements[field.name];
    if (field.type === "checkbox") found[field.name] = control.checked;
    else if (field.type === "json") found[field.name] = json(control);
    else if (field.type === "number") found[field.name] = control.value === "" ? null : Number(control.value);
    else found[field.name] = control.value;
  }
  return found;
}

function json(control) {
  control.setCustomValidity("");
  if (!control.value.trim()) return null;
  try {
    return JSON.parse(control.value);
  } catch (error) {
    control.setCustomValidity(`This is not JSON: ${error.message}`);
    return undefined;
  }
}

async function suggest(control) {
  const found = await read({ path: path("users"), query: { query: control.value, limit: 20, include_restricted: true, include_anonymous: true } });
  const options = (found?.items ?? []).map((user) => element("option", { value: user.id }, [user.display_name, user.primary_email].filter(Boolean).join(" · ") || "anonymous"));
  find("#found-users")?.replaceChildren(...options);
}

// A form whose call is shown as Python while it is filled in.
export function openForm({ title, note, fields = [], toCall, submit = "Save", danger = false, message, done, perform = change }) {
  const python = element("div", { class: "preview" });
  const alert = element("p", { role: "alert", class: "alert" });
  const send = element("button", { type: "submit", class: danger ? "danger" : null }, submit);
  const form = element("form", {}, note && element("p", { class: "hint" }, note), ...fields.map(row),
    element("datalist", { id: "found-users" }), alert, element("div", { class: "line" }, button("Cancel", () => dialog.close()), send), python);
  let latest = 0;
  let timer;
  const show = async () => {
    latest += 1;
    const asked = latest;
    const given = values(form, fields);
    const found = form.checkValidity() ? await preview(toCall(given)) : undefined;
    if (asked === latest) python.replaceChildren(...(found ? [element("h4", {}, "Python"), pythonBlock(found)] : []));
  };
  form.addEventListener("input", (event) => {
    event.target.setCustomValidity("");
    clearTimeout(timer);
    timer = setTimeout(show, 150);
    if (event.target.getAttribute("list")) suggest(event.target);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = values(form, fields);
    if (!form.reportValidity() || send.disabled) return;
    send.disabled = true;
    const found = await perform(toCall(given));
    send.disabled = false;
    if (!found) return;
    if (found.status >= 400) {
      alert.textContent = problem(found);
      return;
    }
    dialog.close();
    say(message);
    done?.(found.body);
  });
  const dialog = openDialog(title, form);
  if (danger) find(".line button", form).focus();
  for (const control of form.querySelectorAll("[list]")) suggest(control);
  show();
  return dialog;
}
