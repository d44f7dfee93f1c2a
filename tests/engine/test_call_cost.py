"""The cost of a call, in counts that do not depend on the machine, with bounds that reveal growth."""

import gc
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from hexclave._engine.performing import BlockingPerformer
from hexclave._messages import Reply
from hexclave._steps import Steps
from hexclave.apps import HexclaveServerApp
from hexclave_api.operations.users import get_user

KEY = "ssk_not_a_real_key_0000000000000000000000000000"
USER = b'{"id": "u1", "display_name": "Ada", "primary_email": "ada@example.com", "oauth_providers": []}'
ROOMS = tuple(str(Path(sys.modules[name].__file__ or "").parent) for name in ("hexclave", "hexclave_api"))


class Answering:
    """Answers every step with the same reply, so that only the cost of deciding remains."""

    def run(self, steps: Steps[Any]) -> Any:
        try:
            next(steps)
            while True:
                steps.send(Reply(200, {"content-type": "application/json"}, USER))
        except StopIteration as end:
            return end.value


def calls_of(action: Callable[[], object]) -> Counter[CodeType | str]:
    """Return the number of calls of each Python function and each built-in one, by name."""
    counts: Counter[CodeType | str] = Counter()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            counts[frame.f_code] += 1
        elif event == "c_call":
            counts[argument.__name__] += 1

    action()
    gc.collect()
    gc.disable()
    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
        gc.enable()
    return counts


@pytest.fixture
def app() -> HexclaveServerApp:
    app = HexclaveServerApp("project-1", KEY)
    app._performer = BlockingPerformer(app._context, Answering())  # type: ignore[arg-type]
    return app


def test_deciding_about_a_call_and_reading_its_reply_takes_few_function_calls(app: HexclaveServerApp) -> None:
    counts = calls_of(lambda: app.call(get_user("u1")))
    assert counts.total() < 75, counts.most_common(20)


def test_no_pattern_no_copy_and_no_inspection_stand_on_the_path_of_a_call(app: HexclaveServerApp) -> None:
    counts = calls_of(lambda: app.call(get_user("u1")))
    files = {code.co_filename for code in counts if isinstance(code, CodeType)}
    assert not [name for name in files if Path(name).name in ("inspect.py", "copy.py", "dataclasses.py", "_funcs.py")]
    assert any(name.startswith(ROOMS) for name in files)
    assert not {"fullmatch", "findall", "sub", "deepcopy"} & set(counts)


def test_without_hooks_nothing_of_what_observes_calls_runs(app: HexclaveServerApp) -> None:
    counts = calls_of(lambda: app.call(get_user("u1")))
    codes = [code for code in counts if isinstance(code, CodeType)]
    assert not [
        code for code in codes if Path(code.co_filename).name in ("observing.py", "_events.py", "contextlib.py")
    ]
    asked = {
        code.co_name: counts[code] for code in codes if code.co_name in ("observing_hooks", "_performed", "waited")
    }
    assert asked == {"observing_hooks": 1, "_performed": 2}


def test_the_url_of_an_operation_is_made_once_in_a_call(app: HexclaveServerApp) -> None:
    counts = calls_of(lambda: app.call(get_user("u1")))
    urls = [count for code, count in counts.items() if isinstance(code, CodeType) and code.co_name == "url"]
    assert urls == [1]
