"""
What a push shows, in the language of the person. chat/http/service_worker/service-worker.js draws it.

This module writes nothing.
"""

from typing import Any

from django.utils.translation import gettext, ngettext, override

from chat.markup.direction import isolate
from chat.models import Announcement, Person, PushSubscription, Room
from chat.services import directs, people

from .delivery import Push, make_topic
from .recipients import Choices, Notice

MAX_TEXT = 500  # characters
# Django has a name of its own for one of the languages that a preference can have.
_DJANGO_NAMES = {"zh": "zh-hans"}


def write_push(room: Room, notice: Notice, choices: Choices, subscription: PushSubscription) -> Push:
    """Return the push of a notice for one browser."""
    with override(_find_language(choices, subscription)):
        title, body = _write(room, notice, subscription.shows_text)
    path = f"/rooms/{room.slug}/"
    is_about_one = notice.is_personal or notice.is_reply
    content = {
        "title": title,
        "body": body,
        "address": f"{path}#message-{notice.message.number}" if is_about_one else path,
        "slug": room.slug,
        "tag": f"{room.slug} {notice.message.number}" if is_about_one else room.slug,
        "person": people.get_page_key(notice.person),
    }
    if notice.is_reply:
        content["reply"] = True
    return Push(content, make_topic(notice.person.id, room.id), is_about_one)


def write_test(person: Person, subscription: PushSubscription, choices: Choices) -> Push:
    """Return the push with which a person tests a browser."""
    with override(_find_language(choices, subscription)):
        title = gettext("Notifications work")
        body = gettext("This browser receives notifications, also while the chat is closed.")
    content = {"title": title, "body": body, "address": "/settings/", "slug": "", "tag": "test"}
    return Push({**content, "person": people.get_page_key(person)}, make_topic(person.id, "test"), True)


def write_reminder(announcement: Announcement, subscription: PushSubscription, choices: Choices) -> Push:
    """Return the push of a private reminder for one browser."""
    with override(_find_language(choices, subscription)):
        title = gettext("Reminder")
    content = {
        "title": title,
        "body": announcement.text if subscription.shows_text else "",
        "address": announcement.link or "/",
        "slug": "",
        "tag": f"reminder {announcement.id}",
        "person": people.get_page_key(subscription.person),
    }
    return Push(content, make_topic(subscription.person_id, "reminder", announcement.id), True)


def _find_language(choices: Choices, subscription: PushSubscription) -> str:
    chosen = choices.preferences.language
    return _DJANGO_NAMES.get(chosen, chosen) or subscription.language


def _write(room: Room, notice: Notice, shows_text: bool) -> tuple[str, str]:
    """Return the title and the body."""
    author, is_direct = _name(notice.message.author), room.access == Room.DIRECT
    name = directs.name_for(notice.person, room) if is_direct else room.name
    if not shows_text:
        return name, _count(notice.total)
    if notice.total > 1:
        return name, _count(notice.total, author)
    if not notice.is_personal and not notice.is_reply:
        return name, _shorten(notice, f"{author}: ")
    values = {"author": isolate(author), "room": isolate(name)}
    if notice.is_reply:
        return gettext("%(author)s replied in %(room)s") % values, _shorten(notice)
    return author if name == author else gettext("%(author)s in %(room)s") % values, _shorten(notice)


def _count(count: int, author: str | None = None) -> str:
    if author is None:
        return ngettext("%(count)s new message", "%(count)s new messages", count) % {"count": count}
    text = ngettext(
        "%(count)s new message, the newest by %(author)s", "%(count)s new messages, the newest by %(author)s", count
    )
    return text % {"count": count, "author": isolate(author)}


def _shorten(notice: Notice, begin: str = "") -> str:
    text = begin + (" ".join(notice.message.body.split()) or _describe_files(notice.files))
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "\u2026"


def _describe_files(files: list[dict[str, str]]) -> str:
    """Return what the files of a message are, in the words of the page (chat/static/chat/ui/files.js)."""
    if files and all(file["type"].startswith("image/") for file in files):
        return ngettext("Picture", "%(count)s pictures", len(files)) % {"count": len(files)}
    if len(files) == 1:
        return files[0]["name"]
    return ngettext("%(count)s file", "%(count)s files", len(files)) % {"count": len(files)} if files else ""


def _name(person: Person) -> str:
    # Most people have no profile.
    profile: Any = getattr(person, "profile", None)
    return (profile and profile.name) or person.handle
