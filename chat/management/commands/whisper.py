"""`manage.py whisper`: announce a text to one person."""

from chat.management.service_command import ServiceCommand, add_announcement_options, parse_duration
from chat.services import announcements


class Command(ServiceCommand):
    help = (
        "Announce a text to one person: in all open tabs, and in later ones until the person dismisses the text or it"
        " expires."
    )

    def add_arguments(self, parser):
        parser.add_argument("handle", help="The person's handle; upper or lower case makes no difference.")
        parser.add_argument("text", help="The announcement: 1 to 1,000 characters.")
        add_announcement_options(parser)

    def call_service(self, options):
        expires_in = parse_duration(options["expires"])
        whisper = announcements.whisper(options["handle"], options["text"], options["level"], expires_in)
        until = f"{whisper.expires_at:%Y-%m-%d %H:%M} UTC"
        self.stdout.write(f"Announced to {whisper.person} alone (id {whisper.id}), until {until}.")
