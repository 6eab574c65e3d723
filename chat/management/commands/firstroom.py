"""`manage.py firstroom`: a place to begin, where there is no room yet."""

from django.core.management.base import BaseCommand

from chat.services import rooms


class Command(BaseCommand):
    help = "Makes the room `welcome` where there is no room at all."

    def handle(self, *args, **options):
        if rooms.create_first_room():
            self.stdout.write("Made the first room, /rooms/welcome/.")
