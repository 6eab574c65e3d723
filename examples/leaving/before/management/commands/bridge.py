"""Send the group messages of the new site to the groups of this site."""

from channels import Group
from django.core.management.base import BaseCommand
from talk.bridge import forward


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        forward(lambda group, text: Group(group).send({"text": text}))
