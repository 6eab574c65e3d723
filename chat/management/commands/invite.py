"""`manage.py invite`: make a link for new accounts, list the open links, or revoke one."""

from django.conf import settings

from chat.management.service_command import ServiceCommand, parse_duration
from chat.services import account_invitations


class Command(ServiceCommand):
    help = (
        "Print a link with which people create an account. Without PUBLIC_URL, the link has no host: add the address of"
        " the site before it."
    )

    def add_arguments(self, parser):
        parser.add_argument("--room", metavar="SLUG", help="The room that the new accounts join.")
        parser.add_argument("--handle", help="The reserved handle that one new account may take.")
        parser.add_argument("--uses", type=int, default=1, help="How many accounts the link can create; 1 by default.")
        parser.add_argument("--expires", metavar="DURATION", help="When it expires, such as 24h or 7d (the default).")
        parser.add_argument("--list", action="store_true", help="List the open links.")
        parser.add_argument("--revoke", metavar="ID", type=int, help="Revoke a link.")

    def call_service(self, options):
        if options["list"]:
            for invitation in account_invitations.list_all():
                self.stdout.write(_describe(invitation))
        elif options["revoke"] is not None:
            account_invitations.revoke_from_site(options["revoke"])
            self.stdout.write(f"Revoked the invitation {options['revoke']}.")
        else:
            seconds = parse_duration(options["expires"])
            invitation, key = account_invitations.make_invitation(
                None, options["room"], options["handle"], options["uses"], seconds
            )
            self.stdout.write(f"{settings.PUBLIC_URL or ''}/invite/{key}/")
            self.stdout.write(_describe(invitation))


def _describe(invitation):
    uses = "any number of uses" if invitation.uses_left is None else f"uses left: {invitation.uses_left}"
    room = f", room {invitation.room.slug}" if invitation.room else ""
    handle = f", handle {invitation.handle}" if invitation.handle else ""
    return f"id {invitation.id}: until {invitation.expires_at:%Y-%m-%d %H:%M} UTC, {uses}{room}{handle}"
