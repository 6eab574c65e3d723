"""`manage.py announce`: an operator's word to everybody, or to everybody in a room."""

from chat.management.serving import ServiceCommand, parse_duration
from chat.services import announcements


class Command(ServiceCommand):
    help = "Tells everybody something, now or when they come; once each."

    def add_arguments(self, parser):
        parser.add_argument("text", help="At most 1,000 characters.")
        parser.add_argument("--room", metavar="SLUG", help="Only to those in this room.")
        parser.add_argument("--level", default="info", help="info, warning or urgent.")
        parser.add_argument(
            "--expires", metavar="DURATION", help="For how long newcomers hear it: 30m, 24h (as it is without), 7d."
        )

    def serve(self, options):
        expires_in = parse_duration(options["expires"])
        announcement = announcements.announce(options["text"], options["level"], options["room"], expires_in)
        self.stdout.write(f"Announced (id {announcement.id}), until {announcement.expires_at:%Y-%m-%d %H:%M} UTC.")
