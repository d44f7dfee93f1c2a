"""Tables, transactions, snapshots: the emulator's state."""

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hexclave_emulator.state.tables import DEFINITIONS, State, table


@attrs.frozen(kw_only=True)
class Thing:
    id: str
    color: str
    size: int = 0


THINGS = table("test_things", Thing, indexes=("color",))

steps = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "delete", "keep", "undo"]),
        st.sampled_from("abcd"),
        st.sampled_from(["red", "green"]),
    ),
    max_size=40,
)


@given(steps)
@example([(*step.split(), "red") for step in ("insert a", "insert b", "keep -", "delete a", "undo -")])
def test_tables_behave_like_a_dict_with_transactions(steps: list[tuple[str, str, str]]) -> None:
    """After any sequence of commits and rollbacks, contents, order and index equal those of a plain dict that was
    copied.
    """
    state, model = State(), {}
    kept: dict[str, Thing] = {}
    for action, key, color in steps:
        if action == "insert" and key not in model:
            model[key] = state[THINGS].insert(Thing(id=key, color=color))
        elif action == "update" and key in model:
            model[key] = state[THINGS].update(model[key], color=color, size=model[key].size + 1)
        elif action == "delete":
            state[THINGS].delete(key)
            model.pop(key, None)
        elif action == "keep":
            state.keep()
            kept = dict(model)
        elif action == "undo":
            state.undo()
            model = dict(kept)
        assert list(state[THINGS]) == list(model.values())
        for each in ("red", "green"):
            assert state[THINGS].where(color=each) == [thing for thing in model.values() if thing.color == each]


@given(steps)
def test_a_restored_snapshot_is_the_state_of_its_moment(steps: list[tuple[str, str, str]]) -> None:
    """Changes after a snapshot are gone once it is restored."""
    state = State()
    state[THINGS].insert(Thing(id="first", color="red"))
    state[THINGS].insert(Thing(id="second", color="red"))
    snapshot = state.snapshot()
    for action, key, color in steps:
        if action == "insert" and state[THINGS].get(key) is None:
            state[THINGS].insert(Thing(id=key, color=color))
        elif action == "delete":
            state[THINGS].delete("first")
    state.restore(snapshot)
    assert [thing.id for thing in state[THINGS].where(color="red")] == ["first", "second"]
    assert state[THINGS].get("first") == Thing(id="first", color="red")


def test_rows_of_one_id_are_refused() -> None:
    """Duplicate ids would be a bug in the emulator, and must not go unnoticed."""
    state = State()
    state[THINGS].insert(Thing(id="a", color="red"))
    with pytest.raises(ValueError, match="has a row a already"):
        state[THINGS].insert(Thing(id="a", color="green"))


def test_keep_reports_each_changed_row_once() -> None:
    """The changes to store: the last form of each row, `None` for deleted ones."""
    state = State()
    thing = state[THINGS].insert(Thing(id="a", color="red"))
    state[THINGS].update(thing, color="green")
    state[THINGS].insert(Thing(id="b", color="red"))
    state[THINGS].delete("b")
    assert [(name, row_id, row) for name, row_id, _, row in state.keep()] == [
        ("test_things", "a", Thing(id="a", color="green")),
        ("test_things", "b", None),
    ]
    assert state.keep() == []


def test_every_row_class_holds_what_json_can_hold() -> None:
    """A row survives JSON: its fields have types that come back the same."""
    allowed = ("str", "int", "float", "bool", "None", "list", "dict", "Any", "JsonObject", "NoneType")
    for definition in DEFINITIONS.values():
        for field in attrs.fields(definition.row):
            shown = str(field.type).replace("<class '", "").replace("'>", "").replace("typing.", "")
            words = "".join(c if c.isalnum() else " " for c in shown).split()
            assert set(words) <= set(allowed), f"{definition.name}.{field.name}: {shown}"
