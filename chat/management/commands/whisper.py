"""`manage.py whisper`: an operator's word to one person alone."""

from chat.management.serving import ServiceCommand, parse_duration
from chat.services import announcements


class Command(ServiceCommand):
    help = "Tells one person something, in all of their tabs; or when they come, if they are away."

    def add_arguments(self, parser):
        parser.add_argument("handle")
        parser.add_argument("text", help="At most 1,000 characters.")
        parser.add_argument("--level", default="info", help="info, warning or urgent.")
        parser.add_argument(
            "--expires", metavar="DURATION", help="For how long it waits for them: 30m, 24h (as it is without), 7d."
        )

    def serve(self, options):
        expires_in = parse_duration(options["expires"])
        whisper = announcements.whisper(options["handle"], options["text"], options["level"], expires_in)
        self.stdout.write(f"Said to {whisper.person} (id {whisper.id}), until {whisper.expires_at:%Y-%m-%d %H:%M} UTC.")
