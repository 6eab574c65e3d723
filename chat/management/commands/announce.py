"""`manage.py announce`: announce a text to everybody, or to everybody in a room."""

from chat.management.service_command import ServiceCommand, add_announcement_options, parse_duration
from chat.services import announcements


class Command(ServiceCommand):
    help = (
        "Announce a text to everybody who is connected, and to everybody who connects before it expires. Each person"
        " sees the text until they dismiss it."
    )

    def add_arguments(self, parser):
        parser.add_argument("text", help="The announcement: 1 to 1,000 characters.")
        parser.add_argument("--room", metavar="SLUG", help="Announce only in this room.")
        add_announcement_options(parser)

    def call_service(self, options):
        expires_in = parse_duration(options["expires"])
        announcement = announcements.announce(options["text"], options["level"], options["room"], expires_in)
        self.stdout.write(f"Announced (id {announcement.id}), until {announcement.expires_at:%Y-%m-%d %H:%M} UTC.")
