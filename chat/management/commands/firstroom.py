"""`manage.py firstroom`: create the room `welcome` on a site that has no room yet."""

from django.core.management.base import BaseCommand

from chat.services import rooms


class Command(BaseCommand):
    help = "Create the room `welcome` if the site has no room yet; else do nothing."

    def handle(self, *args, **options):
        if rooms.create_first_room():
            self.stdout.write("Created the first room, /rooms/welcome/.")
