"""`manage.py retention`: rules that delete old messages, and holds that stop every deletion."""

import getpass
import json
from dataclasses import asdict

from django.core.management.base import CommandError

from chat.management.service_command import ServiceCommand
from chat.protocol import format_time
from chat.services import retention

NEVER = "never"


class Command(ServiceCommand):
    help = (
        "Delete old messages by rules, or keep everything by holds. The monitor applies the rules about twice a minute."
        " Targets of rules are: all, public, private, direct, board, or the slug of a room (#public for a room with"
        " such a slug)."
    )

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        actions.required = True
        actions.add_parser("list", help="List the rules and the holds.")
        setting = actions.add_parser("set", help="Set the rule of a target.")
        setting.add_argument("target", help="all, public, private, direct, board, or the slug of a room.")
        setting.add_argument("days", help="Delete messages that are older than this number of days, or: never.")
        actions.add_parser("remove", help="Remove the rule of a target.").add_argument("target")
        run = actions.add_parser("run", help="Apply the rules now.")
        run.add_argument("--dry-run", action="store_true", help="Count the messages, and delete nothing.")
        for name, text in (
            ("hold", "Stop every deletion in a room, or in all rooms of a person."),
            ("release", "End a hold."),
        ):
            action = actions.add_parser(name, help=text)
            action.add_argument("room", nargs="?", help="The slug of a room.")
            action.add_argument("--person", metavar="HANDLE", help="Instead of a room: all rooms of this person.")
            if name == "hold":
                action.add_argument("--reason", required=True, help="Why, such as the number of a case.")
        held = actions.add_parser("held", help="Print the texts that a hold has kept, as one JSON object per line.")
        held.add_argument("room", help="The slug of a room.")

    def call_service(self, options):
        try:
            getattr(self, f"_{options['action']}")(options)
        except retention.RetentionError as error:
            raise CommandError(str(error)) from None

    def _list(self, options):
        for rule in retention.find_rules():
            target = f"room {rule.room.slug}" if rule.room else rule.access or "all"
            days = "kept without a limit" if rule.days is None else f"deleted after {_write_days(rule.days)}"
            self.stdout.write(f"{target}: {days}")
        for hold in retention.find_holds():
            target = f"room {hold.room.slug}" if hold.room else f"person {hold.person.handle}"
            self.stdout.write(f"hold of {target} since {format_time(hold.placed_at)}: {hold.reason}")

    def _set(self, options):
        retention.set_rule(options["target"], _read_days(options["days"]), _get_actor())
        self.stdout.write("The rule is set. The monitor applies it within a minute, or run: retention run")

    def _remove(self, options):
        retention.remove_rule(options["target"], _get_actor())
        self.stdout.write("The rule is removed.")

    def _run(self, options):
        total = 0
        for removal in retention.run_retention(_get_actor(), is_dry=options["dry_run"]):
            word = "kept by a hold" if removal.is_held else "would be deleted" if options["dry_run"] else "deleted"
            self.stdout.write(f"{removal.slug}: {removal.messages:,} older than {_write_days(removal.days)} {word}")
            total += 0 if removal.is_held else removal.messages
        self.stdout.write(f"Messages {'to delete' if options['dry_run'] else 'deleted'}: {total:,}.")

    def _hold(self, options):
        room, handle = _read_target(options)
        retention.place_hold(room, handle, options["reason"], _get_actor())
        self.stdout.write("The hold applies from now on.")

    def _release(self, options):
        room, handle = _read_target(options)
        deleted = retention.release_hold(room, handle, _get_actor())
        self.stdout.write(f"The hold has ended. Bodies of removed messages that it had kept, now deleted: {deleted:,}.")

    def _held(self, options):
        for held in retention.find_held_bodies(options["room"]):
            fields = {**asdict(held), "written_at": format_time(held.written_at)}
            self.stdout.write(json.dumps({**fields, "replaced_at": format_time(held.replaced_at)}, ensure_ascii=False))


def _read_days(text):
    if text == NEVER:
        return None
    if not text.isascii() or not text.isdigit():
        raise CommandError(f"The days must be a number, or `{NEVER}`.")
    return int(text)


def _write_days(days):
    return "1 day" if days == 1 else f"{days} days"


def _read_target(options):
    if bool(options["room"]) == bool(options["person"]):
        raise CommandError("Name either a room or --person HANDLE.")
    return options["room"], options["person"]


def _get_actor():
    try:
        return getpass.getuser()[:100]
    except (KeyError, OSError):
        return "command"
