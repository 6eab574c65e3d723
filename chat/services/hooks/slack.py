"""
Turn payloads in the format of Slack's incoming webhooks, which most tools can send, into Markdown of this chat.

This module reads `text`, `mrkdwn`, `username`, `icon_emoji`, `attachments` and the common `blocks`. If these give no
text, it reads `title`, `message` and `url`, as in the plain webhooks of Grafana and Sentry. It leaves out all other
fields. It reads no rows and writes none.
"""

import colorsys
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import emoji as emoji_names

from chat import protocol
from chat.protocol import MAX_BODY, ChatError, is_blank

from .mrkdwn import convert, make_link, unescape
from .senders import clean_name

MAX_PARTS = 100  # attachments, blocks or fields; Slack accepts at most 100
MAX_DEPTH = 8
MAX_TEXT = 4 * MAX_BODY  # characters of one text that are read
QUOTE = "> "


@dataclass(frozen=True)
class Payload:
    """A message that a hook posts. `name` and `icon` (an emoji) replace those of the hook, unless they are ""."""

    body: str
    name: str = ""
    icon: str = ""


def read_payload(content: dict[str, Any]) -> Payload | None:
    """
    Return what a payload says, or None if it has no text.

    A body that is longer than a message may be is cut, and ends with an ellipsis.
    """
    parts = [_read_text(content), _join(_read_attachment(part) for part in _list(content.get("attachments")))]
    body = _clean(_join(parts, "\n\n")) or _clean(_read_plain(content))
    if not body:
        return None
    return Payload(body, clean_name(content.get("username")), _read_icon(content.get("icon_emoji")))


def _clean(body: str) -> str:
    """Return a body that can be stored and is not too long, or "" if all its characters are invisible."""
    body = body.replace("\0", "").encode("utf-8", "replace").decode().strip()
    if is_blank(body):
        return ""
    return body if len(body) <= MAX_BODY else body[: MAX_BODY - 1].rstrip() + "…"


def _read_text(content: dict[str, Any]) -> str:
    # With blocks, Slack shows `text` only in notifications.
    blocks, text = _read_blocks(content.get("blocks")), _string(content.get("text"))
    return blocks or convert(text, is_marked=content.get("mrkdwn") is not False)


def _read_plain(content: dict[str, Any]) -> str:
    """Return the Markdown of a payload that is not in the format of Slack."""
    title, text = (_string(content.get(name)).strip() for name in ("title", "message"))
    if not title and not text:
        return ""
    link = _string(content.get("url"))
    return _join([f"**{_link(title, link)}**", text]) if title else _join([text, link])


def _read_icon(value: Any) -> str:
    """Return the emoji that a name such as `:rocket:` means, or "" if it means none."""
    try:
        return protocol.check_emoji(emoji_names.emojize(_string(value)[:64], language="alias"), "icon_emoji")
    except ChatError:
        return ""


# Values of a payload, which may be of any type.


def _string(value: Any) -> str:
    """Return a text of at most MAX_TEXT characters, or a number as text; "" for everything else."""
    return str(value)[:MAX_TEXT] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _list(value: Any) -> list[dict]:
    """Return the objects among the first MAX_PARTS values of a list; [] for everything else."""
    return [part for part in value[:MAX_PARTS] if isinstance(part, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _join(parts: Iterable[str], separator: str = "\n") -> str:
    return separator.join(part for part in parts if part)


def _link(label: str, url: str) -> str:
    """Return a Markdown link, or only the label if the URL is not one of http or https."""
    label = label.replace("\n", " ").strip()
    if not re.fullmatch(r"https?://[^\s<>]+", url):
        return label
    return make_link(label or url, url)


# Attachments.


def _read_attachment(attachment: dict[str, Any]) -> str:
    """Return an attachment as a quote after its `pretext`. An attachment without other texts shows its `fallback`."""
    pretext = convert(_string(attachment.get("pretext")))
    shown = _join(
        [
            _link(_string(attachment.get("author_name")), _string(attachment.get("author_link"))),
            _read_title(attachment),
            _read_blocks(attachment.get("blocks")) or convert(_string(attachment.get("text"))),
            _read_fields(_list(attachment.get("fields"))),
            _read_footer(attachment),
        ]
    )
    if not shown and not pretext:
        shown = convert(_string(attachment.get("fallback")))
    colour = _read_colour(_string(attachment.get("color")))
    quoted = "\n".join(QUOTE + line for line in f"{colour} {shown}".strip().split("\n")) if not is_blank(shown) else ""
    return _join([pretext, quoted])


def _read_title(attachment: dict[str, Any]) -> str:
    title = unescape(_string(attachment.get("title")))
    return f"**{_link(title, _string(attachment.get('title_link')))}**" if title.strip() else ""


def _read_fields(fields: list[dict]) -> str:
    """Return the fields, one in each line."""
    lines = []
    for field in fields:
        title, value = unescape(_string(field.get("title"))).strip(), convert(_string(field.get("value"))).strip()
        lines.append(f"**{title}:** {value}" if title and value else title or value)
    return _join(lines)


def _read_footer(attachment: dict[str, Any]) -> str:
    footer = unescape(_string(attachment.get("footer"))).strip()
    return f"_{footer}_" if footer and "_" not in footer else footer


_NAMED = {"good": "🟢", "warning": "🟡", "danger": "🔴"}
# (the end of a range of hues in degrees, the circle of this colour)
_HUES = ((20, "🔴"), (45, "🟠"), (70, "🟡"), (170, "🟢"), (260, "🔵"), (330, "🟣"), (361, "🔴"))


def _read_colour(colour: str) -> str:
    """Return a circle in the colour of an attachment, or "" for grey and for a text that is not a colour."""
    if colour in _NAMED:
        return _NAMED[colour]
    if not re.fullmatch("#?[0-9a-fA-F]{6}", colour):
        return ""
    red, green, blue = (int(colour[-6:][start : start + 2], 16) / 255 for start in (0, 2, 4))
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    return next(circle for end, circle in _HUES if hue * 360 < end) if saturation > 0.25 else ""


# Blocks.


def _read_blocks(blocks: Any) -> str:
    return _join((_read_block(block) for block in _list(blocks)), "\n\n")


def _read_block(block: dict[str, Any]) -> str:
    read = _BLOCKS.get(_string(block.get("type")))
    return read(block) if read else ""


def _read_object(value: Any) -> str:
    """Return the Markdown of a text object, of type `mrkdwn` or `plain_text`."""
    found = _object(value)
    text = _string(found.get("text"))
    return convert(text) if found.get("type") != "plain_text" else unescape(text)


def _read_section(block: dict[str, Any]) -> str:
    fields = [_read_object(field) for field in _list(block.get("fields"))]
    accessory = _object(block.get("accessory"))
    return _join([_read_object(block.get("text")), *fields, _read_button(accessory)])


def _read_header(block: dict[str, Any]) -> str:
    text = _read_object(block.get("text")).replace("\n", " ").strip()
    return f"## {text}" if text else ""


def _read_context(block: dict[str, Any]) -> str:
    elements = _list(block.get("elements"))
    return _join((_read_object(part) for part in elements if part.get("type") != "image"), " · ")


def _read_button(element: dict[str, Any]) -> str:
    if element.get("type") != "button" or not element.get("url"):
        return ""
    return _link(_read_object(element.get("text")), _string(element.get("url")))


def _read_image(block: dict[str, Any]) -> str:
    label = _read_object(block.get("title")) or _string(block.get("alt_text"))
    return _link(label, _string(block.get("image_url")))


def _read_rich(part: dict[str, Any], depth: int = 0) -> str:
    """Return the text of a part of `rich_text`, with its links and code."""
    kind, text = part.get("type"), _string(part.get("text"))
    if kind == "link":
        return _link(text, _string(part.get("url")))
    if kind == "emoji":
        return emoji_names.emojize(f":{_string(part.get('name'))}:", language="alias")
    if text:
        return f"**{text}**" if _object(part.get("style")).get("bold") and text.strip() == text else text
    if depth > MAX_DEPTH:
        return ""
    inner = [_read_rich(element, depth + 1) for element in _list(part.get("elements"))]
    if kind == "rich_text_list":
        return "\n".join(f"- {item}" for item in inner)
    if kind == "rich_text_preformatted":
        return "```\n" + "".join(inner) + "\n```"
    return "\n".join(inner) if kind == "rich_text" else "".join(inner)


_BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "section": _read_section,
    "header": _read_header,
    "context": _read_context,
    "divider": lambda block: "———",
    "markdown": lambda block: _string(block.get("text")),
    "image": _read_image,
    "actions": lambda block: _join((_read_button(part) for part in _list(block.get("elements"))), " · "),
    "rich_text": _read_rich,
}
