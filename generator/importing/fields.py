"""The fields of a component: from the documents, written by hand, or missing on older servers."""

from generator.description import Json
from generator.importing.wording import is_correction, keep_wording


def component(built: Json, before: Json, release: str, *, sent: bool) -> Json:
    """Return the component for a shape whose fields are built, keeping the existing order.

    A field of a reply that the documents newly require is optional, because older servers do not send it; `x-since`
    records the release since which it is always present. A newly required field of a body is required.

    Args:
        built: the shape from the documents, with nested shapes replaced by references.
        before: the existing component; {} for a new one.
        release: the release of the documents; "" if unknown.
        sent: true for a body, false for a reply.
    """
    if is_correction(before):
        return before
    adopted = before.get("x-ours") is True
    documented, old = built["properties"], before.get("properties", {})
    ours = {
        name: field if "x-ours" in field else field | {"x-ours": True}
        for name, field in old.items()
        if is_correction(field) or (name not in documented and (adopted or "x-ours" in field))
    }
    fields = documented | ours
    demanded, stood = set(built.get("required", [])) - ours.keys(), set(before.get("required", []))
    newer = demanded - stood if old and not (adopted or sent) else set()
    needed = demanded - newer | {name for name in stood & ours.keys() if "x-ours" in old[name]}
    if release and old and not adopted:
        for name in sorted(fields.keys() - old.keys() if sent else newer):
            fields[name] = {"x-since": release} | fields[name]
    if not sent:
        for name in documented.keys() - newer:
            fields[name] = {key: value for key, value in fields[name].items() if key != "x-since" or name in ours}
    order = {name: rank for rank, name in enumerate(old)}
    names = sorted(fields, key=lambda name: order.get(name, len(order)))
    whole = {key: value for key, value in built.items() if key not in ("required", "default")}
    whole |= {"type": "object", "properties": {name: fields[name] for name in names}}
    if required := [name for name in names if name in needed]:
        whole["required"] = required
    return keep_wording(whole, before)
