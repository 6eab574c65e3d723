"""Helpers for the tests of imports: run a command, and read what the site shows through the API."""

from django.core.management import call_command

from chat.models import ImportedItem, Member, Mention, Message, Person, Reaction, Room
from tests import wire

TABLES = (ImportedItem, Member, Mention, Message, Person, Reaction, Room)


def import_slack(path, **options):
    call_command("import_slack", str(path), **options)


def import_mattermost(path, **options):
    call_command("import_mattermost", str(path), **options)


def count_rows():
    return {model.__name__: model.objects.count() for model in TABLES}


def read_room(caller, slug):
    """Return all messages of a room, as the API shows them to the caller."""
    found, after = [], 0
    while True:
        status, page = caller("GET", f"/api/rooms/{slug}/messages/?after={after}&limit=100")
        assert status == 200, page
        found += page["messages"]
        if not page["more"]:
            return found
        after = page["offset"]


def show_all(messages):
    """Return what the generator knows of each message of a room, in the order of times and bodies."""
    bodies = {message["id"]: message["body"] for message in messages}
    return sort_all(
        {
            "author": message["author"]["handle"],
            "body": message["body"],
            "at": message["at"],
            "edited_at": message["edited_at"],
            "reactions": {emoji: set(handles) for emoji, handles in message["reactions"].items()},
            "thread": find_root(message) and bodies[find_root(message)],
        }
        for message in messages
    )


def find_root(message):
    """Return the id of the first message of the thread in which a message is a reply, or None."""
    root = message.get("thread", {}).get("root")
    return None if root == message["id"] else root


def sort_all(shown):
    return sorted(shown, key=lambda message: (message["at"], message["body"]))


def make_caller(handle="Alice"):
    return wire.Caller(Person.objects.get(handle=handle))


def find_rooms(caller):
    """Return {name: room} of the caller's rooms, as the workspace describes them."""
    _, body = caller("GET", "/api/workspace/")
    return {room["name"]: room for room in body["rooms"]}
