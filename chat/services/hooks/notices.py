"""
Notices to the owners of a room: a webhook was disabled, because it failed for a day.

An owner gets a whisper, which stays for EXPIRES_IN, or until the owner dismisses it. The owner also gets a mail if the
site sends mails, PUBLIC_URL is set, and the owner has an address.
"""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from chat.models import Hook, Mail, Member, Person
from chat.services import announcements, rights
from chat.services.mails import Letter, choose_language, mail_kind, make_link, post_mail, write_letter
from chat.services.mails.letters import find_address
from chat.services.rights import Action

MAX_OWNERS = 20
EXPIRES_IN = 30 * 24 * 3600  # seconds


def notify_owners(hook: Hook) -> None:
    """Tell at most MAX_OWNERS owners of a hook's room that the hook was disabled."""
    roles = rights.get_roles(Action.SEND_OUT, hook.room.access)
    owners = Member.objects.filter(room=hook.room_id, role__in=roles, person__is_active=True)
    for member in owners.select_related("person")[:MAX_OWNERS]:
        with translation.override(choose_language(member.person)):
            text = _write_sentence(hook.person.handle, hook.room.name)
        announcements.whisper(member.person, text, "warning", expires_in=EXPIRES_IN)
        _post_mail(hook, member.person)


def _write_sentence(name: str, room: str) -> str:
    return gettext(
        "The webhook %(name)s of the room %(room)s was disabled, because its deliveries have failed for a day. "
        "Look at their errors, and enable the webhook again."
    ) % {"name": name, "room": room}


def _post_mail(hook: Hook, person: Person) -> None:
    if settings.PUBLIC_URL and find_address(person):
        post_mail(
            "hook_disabled",
            person,
            site=settings.PUBLIC_URL,
            name=hook.person.handle,
            room=hook.room.name,
            slug=hook.room.slug,
        )


@mail_kind("hook_disabled")
def write_hook_disabled(mail: Mail, params: dict[str, Any]) -> Letter | None:
    """Write the letter that tells an owner that a webhook was disabled."""
    to = find_address(mail.person)
    if to is None:
        return None
    sentence = _write_sentence(params["name"], params["room"])
    return write_letter(
        to, params, gettext("A webhook was disabled"), sentence, make_link(params, f"/rooms/{params['slug']}/")
    )
