"""
The names of models and fields on the pages of the admin, which can be translated.

The names are set here and not in the models, because a name in a model is a part of a migration. On SQLite, such a
migration would copy each table. This module must not change anything else.
"""

from django.db import models
from django.utils.translation import pgettext_lazy

from chat.models import (
    AccountEntry,
    Announcement,
    AuditEntry,
    ExternalLogin,
    Invitation,
    Member,
    Message,
    Person,
    Report,
    Room,
    Token,
)

# {model: (name of one, name of many)}
MODELS = {
    AccountEntry: (pgettext_lazy("admin", "entry of the account log"), pgettext_lazy("admin", "account log")),
    Announcement: (pgettext_lazy("admin", "announcement"), pgettext_lazy("admin", "announcements")),
    AuditEntry: (pgettext_lazy("admin", "audit entry"), pgettext_lazy("admin", "audit log")),
    ExternalLogin: (pgettext_lazy("admin", "external login"), pgettext_lazy("admin", "external logins")),
    Invitation: (pgettext_lazy("admin", "invitation"), pgettext_lazy("admin", "invitations")),
    Member: (pgettext_lazy("admin", "member"), pgettext_lazy("admin", "members")),
    Message: (pgettext_lazy("admin", "message"), pgettext_lazy("admin", "messages")),
    Person: (pgettext_lazy("admin", "person"), pgettext_lazy("admin", "people")),
    Report: (pgettext_lazy("admin", "report"), pgettext_lazy("admin", "reports")),
    Room: (pgettext_lazy("admin", "room"), pgettext_lazy("admin", "rooms")),
    Token: (pgettext_lazy("admin", "token"), pgettext_lazy("admin", "tokens")),
}
# {field: its name}, for the fields of all of these models.
FIELDS = {
    "access": pgettext_lazy("admin", "access"),
    "act": pgettext_lazy("admin", "act"),
    "address": pgettext_lazy("admin", "address"),
    "actor": pgettext_lazy("admin", "actor"),
    "after": pgettext_lazy("admin", "after"),
    "archived": pgettext_lazy("admin", "archived"),
    "author": pgettext_lazy("admin", "author"),
    "before": pgettext_lazy("admin", "before"),
    "body": pgettext_lazy("admin", "body"),
    "closed_at": pgettext_lazy("admin", "closed at"),
    "closed_by": pgettext_lazy("admin", "closed by"),
    "closed_to_guests": pgettext_lazy("admin", "closed to guests"),
    "created_at": pgettext_lazy("admin", "created at"),
    "created_by": pgettext_lazy("admin", "created by"),
    "expires_at": pgettext_lazy("admin", "expires at"),
    "handle": pgettext_lazy("admin", "handle"),
    "is_active": pgettext_lazy("admin", "is active"),
    "is_guest": pgettext_lazy("admin", "is guest"),
    "is_staff": pgettext_lazy("admin", "may use the admin"),
    "issuer": pgettext_lazy("admin", "issuer"),
    "joined_at": pgettext_lazy("admin", "joined at"),
    "last_at": pgettext_lazy("admin", "last message at"),
    "level": pgettext_lazy("admin", "level"),
    "message": pgettext_lazy("admin", "message"),
    "muted_until": pgettext_lazy("admin", "muted until"),
    "name": pgettext_lazy("admin", "name"),
    "number": pgettext_lazy("admin", "number"),
    "offset": pgettext_lazy("admin", "offset"),
    "only_rooms": pgettext_lazy("admin", "only certain rooms"),
    "outcome": pgettext_lazy("admin", "outcome"),
    "person": pgettext_lazy("admin", "person"),
    "reason": pgettext_lazy("admin", "reason"),
    "removed_at": pgettext_lazy("admin", "removed at"),
    "reporter": pgettext_lazy("admin", "reporter"),
    "role": pgettext_lazy("admin", "role"),
    "room": pgettext_lazy("admin", "room"),
    "rooms": pgettext_lazy("admin", "rooms"),
    "seconds": pgettext_lazy("admin", "seconds"),
    "seen_at": pgettext_lazy("admin", "seen at"),
    "slug": pgettext_lazy("admin", "slug"),
    "subject": pgettext_lazy("admin", "subject"),
    "survives_password_change": pgettext_lazy("admin", "stays with a new password"),
    "text": pgettext_lazy("admin", "text"),
    "topic": pgettext_lazy("admin", "topic"),
    "used_at": pgettext_lazy("admin", "last used"),
    "uses_left": pgettext_lazy("admin", "uses left"),
}


def set_names() -> None:
    """Give the models and their fields the names of this module."""
    for model, (one, many) in MODELS.items():
        model._meta.verbose_name, model._meta.verbose_name_plural = one, many
        for field in model._meta.get_fields():
            if isinstance(field, models.Field) and field.name in FIELDS:
                field.verbose_name = FIELDS[field.name]


set_names()
