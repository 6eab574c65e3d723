"""`manage.py disconnect`: closes a person's sockets now."""

from django.core.management.base import CommandError

from chat.management.serving import ServiceCommand
from chat.services import people
from chat.store import store


class Command(ServiceCommand):
    help = "Closes a person's sockets now (code 4403), in one room or in all. They may come again, unless banned."

    def add_arguments(self, parser):
        parser.add_argument("handle")
        parser.add_argument("--room", metavar="SLUG", help="Only in this room.")

    def serve(self, options):
        if not store.is_shared:
            raise CommandError("Set REDIS_URL: the sockets of a site without Redis can only be closed from within it.")
        person = people.disconnect(options["handle"], options["room"])
        self.stdout.write(f"Closed the sockets of {person}{' in ' + options['room'] if options['room'] else ''}.")
