"""`manage.py disconnect`: close a person's sockets now."""

from django.core.management.base import CommandError

from chat.management.service_command import ServiceCommand
from chat.services import people
from chat.store import store


class Command(ServiceCommand):
    help = (
        "Close a person's connections now (code 4403), in one room or in all. The person may reconnect, unless banned."
    )

    def add_arguments(self, parser):
        parser.add_argument("handle", help="The person's handle; upper or lower case makes no difference.")
        parser.add_argument("--room", metavar="SLUG", help="Close only the person's connections to this room.")

    def call_service(self, options):
        if not store.is_shared:
            raise CommandError("Set REDIS_URL: without Redis, a command cannot reach the sockets of the site.")
        person = people.disconnect(options["handle"], options["room"])
        self.stdout.write(
            f"Told the connections of {person}{' in ' + options['room'] if options['room'] else ''} to close."
        )
