"""
The rules of retention, and what they mean for each room: `Room.kept_days`.

This module writes RetentionRule, RetentionEntry and `Room.kept_days`. It deletes no messages.
"""

from django.db import transaction
from django.db.models import Q

from chat.models import RetentionEntry, RetentionRule, Room
from chat.services import rooms

from .errors import RetentionError

ALL = "all"
KINDS = tuple(access for access, _ in Room.ACCESS)
MAX_DAYS = 36500


def find_rules() -> list[RetentionRule]:
    """Return all rules: first the rule of all rooms, then those of kinds, then those of rooms."""
    rules = RetentionRule.objects.select_related("room")
    return sorted(rules, key=lambda rule: (rule.room is not None, rule.access, rule.room.slug if rule.room else ""))


@transaction.atomic
def set_rule(target: str, days: int | None, actor: str) -> None:
    """
    Let messages be deleted when they are older than `days` (None: never), and apply the rules.

    `target` is `all`, a kind of rooms (KINDS), or the slug of a room, with or without a `#` before it. Raise
    RetentionError for the days, and `not_found` for the room.
    """
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise RetentionError(f"The days must be a number from 1 to {MAX_DAYS}, or `never`.")
    room, access = _read_target(target)
    RetentionRule.objects.update_or_create(room=room, access=access, defaults={"days": days})
    RetentionEntry.objects.create(act=RetentionEntry.SET, target=target, days=days, actor=actor)
    apply_rules()


@transaction.atomic
def remove_rule(target: str, actor: str) -> None:
    """
    Remove the rule of a `target` (see `set_rule`), and apply the other rules.

    Raise RetentionError if there is no such rule, and `not_found` for the room.
    """
    room, access = _read_target(target)
    removed, _ = RetentionRule.objects.filter(room=room, access=access).delete()
    if not removed:
        raise RetentionError(f"There is no rule for {target}. `retention list` shows all rules.")
    RetentionEntry.objects.create(act=RetentionEntry.REMOVE, target=target, actor=actor)
    apply_rules()


def _read_target(target: str) -> tuple[Room | None, str]:
    """Return (room, kind) of a target. A slug that is also `all` or a kind needs a `#` before it."""
    if target == ALL:
        return None, ""
    if target in KINDS:
        return None, target
    return rooms.get_room(target.removeprefix("#")), ""


def apply_rules() -> int:
    """
    Store in each room for how many days its messages are kept. Return how many rooms changed.

    A rule also applies to rooms that are created later, because each run of the retention calls this function first.
    """
    by_kind = {rule.access: rule.days for rule in RetentionRule.objects.filter(room=None)}
    of_rooms = dict(RetentionRule.objects.exclude(room=None).values_list("room_id", "days"))
    changed = 0
    for kind in KINDS:
        days = by_kind.get(kind, by_kind.get(""))
        changed += _set_days(Room.objects.filter(access=kind).exclude(id__in=list(of_rooms)), days)
    for room_id, days in of_rooms.items():
        changed += _set_days(Room.objects.filter(id=room_id), days)
    return changed


def _set_days(found, days):
    is_other = Q(kept_days__isnull=False) if days is None else Q(kept_days__isnull=True) | ~Q(kept_days=days)
    # Most calls find nothing. An UPDATE that changes nothing would still take the write lock of SQLite.
    if not found.filter(is_other).exists():
        return 0
    return found.filter(is_other).update(kept_days=days)
