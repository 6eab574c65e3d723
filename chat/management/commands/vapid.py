"""`manage.py vapid`: print a new key for notifications to closed browsers."""

from django.core.management.base import BaseCommand

from chat.services import push


class Command(BaseCommand):
    help = "Print a new key for notifications to closed browsers, as the setting CHAT_VAPID_KEY. Nothing is stored."

    def handle(self, *args, **options):
        self.stdout.write(f"CHAT_VAPID_KEY={push.make_key_pair().private}")
