"""Values used in the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

Call = tuple[Any, ...]
"""The call, then pairs of request and body; `...` as a body is one that the test of that flow looks at."""

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
NOON_MILLIS = 1893499200000
USER_KEY = "sk_ma32g71wmz5y1xqhn03w3h3jpjhdkna7g858yenfqka0g0123456789abcdef0123456789abcdefuser0574ck4u7h38725c67"
TEAM_KEY = "sk_ma32g71wmz5y1xqhn03w3h3jpjhdkna7g858yenfqka0g0123456789abcdef0123456789abcdefteam0574ck4u7h8f97cf64"
TOTP = {"type": "totp", "totp": "123456", "code": "c"}
PRODUCT = {"display_name": "Pro", "customer_type": "user", "prices": {}, "included_items": {}}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

NAMES: dict[str, Any] = {
    name: value for name, value in globals().items() if name.isupper() or name in ("timedelta", "datetime", "UTC")
}
