"""`manage.py runserver`: Channels' own, on our interface server. With `--noworker`, start `runworker` beside it."""
from channels.management.commands.runserver import Command as ChannelsCommand

from chatproj.transport.interface import Server


class Command(ChannelsCommand):
    server_cls = Server
