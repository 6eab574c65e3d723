"""
Turn a message of a Slack export into this site's form: its text with attachments and files, its reactions, its thread.

`slack` has read and checked the message. This module raises nothing. It keeps markup that it does not know as text.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from . import mrkdwn
from .attached import Attached
from .emoji_names import find_emoji
from .exports import clean
from .items import ImportedFile, ImportedMessage, Names, RawMessage, Reaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def convert_message(message: RawMessage, names: Names, attached: Attached) -> ImportedMessage:
    """Return a message in this site's form. `attached` finds the bytes of its files."""
    content = message.content
    thread = content.get("thread_ts")
    root = thread if thread and thread != content.get("ts") else None
    # The author of a broadcast wanted everybody in the room to see the reply. So it becomes an answer in the timeline.
    is_broadcast = content.get("subtype") == "thread_broadcast"
    is_gone = content.get("subtype") == "tombstone"
    return ImportedMessage(
        text="" if is_gone else _make_text(content, names),
        edited_at=_read_ts((content.get("edited") or {}).get("ts")),
        removed_at=message.at if is_gone else None,
        reply_to=root if is_broadcast else None,
        thread=None if is_broadcast else root,
        is_pinned=bool(content.get("pinned_to")),
        reactions=[] if is_gone else _convert_reactions(content.get("reactions") or ()),
        files=[] if is_gone else [_convert_file(found, attached) for found in content.get("files") or ()],
    )


def _read_ts(text):
    if not text:
        return None
    seconds, _, part = text.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(part.ljust(6, "0")))


def _convert_reactions(reactions):
    given = [(reaction.get("name"), tuple(reaction.get("users") or ())) for reaction in reactions]
    return [Reaction(find_emoji(name) or f":{name}:", people) for name, people in given if name and people]


def _make_text(content, names):
    text = mrkdwn.convert(clean(content.get("text") or ""), names)
    if content.get("subtype") == "me_message" and text:
        text = f"_{text}_"
    blocks = _find_texts(content.get("blocks") or ())
    parts = [text, *(mrkdwn.convert(clean(block), names) for block in blocks)]
    parts += [_convert_attachment(found, names, not any(parts)) for found in content.get("attachments") or ()]
    return "\n".join(part for part in parts if part.strip())


def _find_texts(blocks: Any) -> list[str]:
    """Return the texts in the blocks of a message that has no other text."""
    found = []
    for block in blocks:
        fields = block.get("fields")
        for holder in (block.get("text"), *(fields if isinstance(fields, list) else ())):
            text = holder.get("text") if isinstance(holder, dict) else None
            if isinstance(text, str) and text:
                found.append(text)
    return found


def _convert_attachment(attachment, names, is_alone):
    """Return an attachment as a quotation, or "" for the preview of a link that is in the text."""
    if attachment.get("from_url") or attachment.get("is_msg_unfurl"):
        return ""
    title, link = _get(attachment, "title"), _get(attachment, "title_link")
    head = f"<{link}|{title}>" if title and link else title
    lines = [_get(attachment, "pretext"), head, _get(attachment, "text")]
    lines += [
        f"{_get(found, 'title')}: {_get(found, 'value')}"
        for found in attachment.get("fields") or ()
        if isinstance(found, dict)
    ]
    text = "\n".join(filter(None, lines)) or (_get(attachment, "fallback") if is_alone else "")
    converted = mrkdwn.convert(clean(text), names).strip()
    return converted if is_alone or not converted else "\n".join(f"> {line}" for line in converted.split("\n"))


def _get(found, name):
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _convert_file(found, attached):
    address = _get(found, "url_private_download") or _get(found, "url_private")
    return ImportedFile(_name_file(found), link_file(found), attached.find(_get(found, "id"), address))


def _name_file(found):
    return " ".join(clean(_get(found, "name") or _get(found, "title") or "file").split())


def link_file(found: dict[str, Any]) -> str:
    """Return a link to a file of Slack, or its name if the file was deleted."""
    name = _name_file(found).replace("[", "(").replace("]", ")")
    address = _get(found, "permalink") or _get(found, "url_private")
    if _get(found, "mode") == "tombstone" or not address.startswith(("https://", "http://")):
        return f"📎 {name}"
    return f"📎 [{name}]({address.replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"
