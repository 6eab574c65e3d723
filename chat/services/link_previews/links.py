"""
The links of messages that have a preview, or wait for one.

This module is the Addition PREVIEWS: `rooms` calls its functions in the transactions of its changes. It fetches
nothing. It writes LinkPreview, and deletes each Preview that no other message shows.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from chat import broadcast
from chat.markup.previewed import find_previewed_links
from chat.models import AdditionBit, LinkPreview, Member, Message, Preview, Room
from chat.services import outgoing, rooms
from chat.services.after_commit import after_commit

from .fetching import digest_address

MAX_PREVIEWS = 3  # of one message


def find_links(room: Room, body: str) -> tuple[str, ...]:
    """Return the addresses in a body whose previews the site fetches: at most MAX_PREVIEWS, none on a board."""
    # The address of an image contains the slug of its room, and nobody reaches a board's room by its slug.
    if not settings.CHAT_LINK_PREVIEWS or room.access == Room.BOARD:
        return ()
    return tuple(url for url in find_previewed_links(body, MAX_PREVIEWS) if _is_foreign(url))


def _is_foreign(url: str) -> bool:
    # A page of this site does not show the same to everybody who can read the message.
    try:
        own = urlsplit(settings.PUBLIC_URL or "").hostname
        return urlsplit(outgoing.check_url(url)).hostname != own
    except outgoing.AddressRefused:
        return False


def prepare(member: Member, event: Any) -> tuple[str, ...] | None:
    """Return the links of a post, or None."""
    return find_links(member.room, event.body) or None


def store(message: Message, links: Sequence[str]) -> None:
    """Store the links of a new message, and start the job that fetches their pages on commit."""
    _store(message, dict(enumerate(links)))


def _store(message, links: dict[int, str]):
    """Store the links of a message at these positions."""
    now = timezone.now()
    LinkPreview.objects.bulk_create(
        LinkPreview(
            room_id=message.room_id,
            number=message.number,
            position=position,
            digest=digest_address(url),
            url=url,
            due_at=now,
        )
        for position, url in links.items()
    )
    start_job(message.room_id, message.number)


def start_job(room_id: int, number: int) -> None:
    """Start the job that fetches the pages of a message's links, on commit."""
    content = {"previews": [room_id, number]}
    after_commit("start the job of a link preview", lambda: broadcast.start_job(broadcast.TASKS_CHANNEL, content))


def revise(member: Member, message: Message, body: str) -> bool:
    """
    Delete the links that an edit removes, and store the links that it adds.

    Return whether the message has rows of LinkPreview now: for links, or for previews that somebody has removed.
    """
    wanted = {digest_address(url): (position, url) for position, url in enumerate(find_links(member.room, body))}
    had: dict[str, LinkPreview] = {}
    if (message.additions or 0) & AdditionBit.PREVIEWS:
        had = {link.digest: link for link in find_links_of(message.room_id, [message.number])}
    _delete([link for digest, link in had.items() if digest not in wanted and not link.hidden])
    for digest in wanted.keys() & had.keys():
        LinkPreview.objects.filter(id=had[digest].id).update(position=wanted[digest][0])
    added = {position: url for digest, (position, url) in wanted.items() if digest not in had}
    if added:
        _store(message, added)
    return bool(wanted) or any(link.hidden for link in had.values())


def find_links_of(room_id: int, numbers: Sequence[int]) -> QuerySet:
    """Select the links of the messages with these numbers, in the order of the messages and their bodies."""
    return LinkPreview.objects.filter(room_id=room_id, number__in=list(numbers)).order_by("number", "position", "id")


def describe(messages: Sequence[Message]) -> dict[int, dict]:
    """Return {number: {previews: [...]}} for messages of one room."""
    shown = find_links_of(messages[0].room_id, [message.number for message in messages])
    shown = shown.filter(preview__isnull=False, hidden=False).select_related("preview", "room")
    fields: dict[int, dict] = {}
    for link in shown:
        fields.setdefault(link.number, {"previews": []})["previews"].append(_describe(link))
    return fields


def _describe(link: LinkPreview) -> dict[str, Any]:
    found = {"id": link.id, "url": link.url}
    texts = {name: getattr(link.preview, name) for name in ("title", "description", "site")}
    found.update({name: text for name, text in texts.items() if text})
    if link.preview.image:
        address = f"/api/rooms/{link.room.slug}/messages/{link.number}/previews/{link.id}/image/"
        found["image"] = {"url": address, "width": link.preview.width, "height": link.preview.height}
    return found


def delete(room_id: int, numbers: Sequence[int]) -> None:
    """Delete the links of messages of a room."""
    _delete(list(find_links_of(room_id, numbers)))


def hide(link: LinkPreview) -> None:
    """Remove the preview of a link permanently. The caller has locked the room."""
    preview_id = link.preview_id
    LinkPreview.objects.filter(id=link.id).update(hidden=True, url="", preview=None, due_at=None)
    delete_unused({preview_id})


def _delete(links: Sequence[LinkPreview]) -> None:
    if links:
        LinkPreview.objects.filter(id__in=[link.id for link in links]).delete()
        delete_unused({link.preview_id for link in links})


def delete_unused(preview_ids: set[int | None]) -> None:
    """Delete the previews among these ids that no message shows, with their images."""
    used = LinkPreview.objects.filter(preview__in=[found for found in preview_ids if found]).values_list("preview")
    ids = preview_ids - {found for (found,) in used} - {None}
    if ids:
        Preview.objects.filter(id__in=ids).delete()


rooms.register_addition(
    rooms.Addition(AdditionBit.PREVIEWS, describe, prepare=prepare, store=store, delete=delete, revise=revise)
)
