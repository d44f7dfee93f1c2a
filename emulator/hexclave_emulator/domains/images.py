"""Images uploaded as data URLs and served under their own URL."""

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

import attrs

from hexclave_emulator.messages.exchange import Reply
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

if TYPE_CHECKING:
    from hexclave_emulator.routing.routes import Request

_DATA_URL: Final = re.compile(r"data:image/([a-z0-9.+-]+);base64,(.+)", re.DOTALL)


@attrs.frozen(kw_only=True)
class Image:
    id: str
    """Its path: `user-profile-images/….png`."""
    media_type: str
    base64: str


IMAGES: Final = table("images", Image)


def kept_image(request: "Request", state: State, url: str | None, folder: str) -> str | None:
    """Return the URL to show; an image in a data URL is stored and gets a URL here."""
    match = _DATA_URL.fullmatch(url or "")
    if match is None:
        return url
    kind, content = match.groups()
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise plain(400, "Invalid image data") from None
    image = state[IMAGES].insert(Image(id=f"{folder}/{new_id()}.{kind}", media_type=f"image/{kind}", base64=content))
    return f"{request.base_url}/{image.id}"


def served(state: State, path: str) -> Reply | None:
    """Return the image at this path."""
    image = state[IMAGES].get(path)
    if image is None:
        return None
    headers = {
        "content-type": image.media_type,
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
    }
    return Reply(200, base64.b64decode(image.base64), headers, bare=True)
