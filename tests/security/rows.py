"""
The rows of the table of rights. ROWS has a group of rows for each way in, such as `socket` and `rest`.

To add a way in, add its rows here, run `.venv/bin/python -m tests.security.write_rights`, and review the difference of
rights.txt.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chat.services.rights import Action
from tests.security.ways import (
    calling,
    framed,
    has_news,
    has_room,
    heard,
    listed,
    open_auth,
    open_own,
    open_path,
    open_room,
    open_write,
    opened,
    polled,
    request,
    seen,
    submitted,
    uploaded,
)
from tests.security.world import KINDS


class Row(NamedTuple):
    """
    One row of the table: `ask(world, kind, standing)` returns the sign of the answer.

    - `action`: what the table of rights says about the row; None if the row is not about a right in a room.
    - `enters`: the request first makes an outsider a member.
    - `by_slug`: the request finds the room by its slug, and not by the membership. The slug of a board leads nowhere.
    - `kinds`: the kinds of rooms that offer the request.
    """

    action: Action | None
    ask: Callable
    enters: bool = False
    by_slug: bool = True
    kinds: tuple = KINDS


EXPORT = {"format": "json", "from": None, "to": None}
API = "/api/rooms/{slug}/"
OUTGOING_HOOK = {"kind": "outgoing", "name": "Robot", "url": "https://hook.example/", "trigger": "every"}
PRIVATE, BOARD, DIRECT, ONE, NO_BOARD = ("private",), ("board",), ("direct",), ("public",), KINDS[:5]


def rows_of_frames(open_socket, kinds, by_slug=True):
    """Return the rows of the frames of a room."""

    def row(action, type, **fields):
        return Row(action, framed(open_socket, type, **fields), True, by_slug, kinds)

    return {
        "fetch messages": row(Action.READ, "fetch", limit=5),
        "post": row(Action.POST, "post", body="Hello"),
        "reply": row(Action.REPLY, "post", body="Hello", thread="others"),
        "react": row(Action.REACT, "react", id="others", emoji="👍", on=True),
        "edit an own message": row(Action.EDIT_OWN, "edit", id="own", body="Other"),
        "edit another's message": row(Action.EDIT_OTHERS, "edit", id="others", body="Other"),
        "remove an own message": row(Action.REMOVE_OWN, "remove", id="own"),
        "remove another's message": row(Action.REMOVE_OTHERS, "remove", id="others"),
        "pin": row(Action.PIN, "pin", id="others", on=True),
        "call everybody": Row(Action.CALL_ALL, calling(open_socket), True, by_slug, kinds),
        "command": row(Action.POST, "command", name="me", text="waves"),
        "start a task": row(Action.START_TASK, "start", task="export", params=EXPORT),
    }


ROWS = {
    "socket": {
        "enter": Row(Action.ENTER, opened(open_room)),
        **rows_of_frames(open_room, KINDS),
        "typing": Row(Action.TYPE, heard("typing", on=True), True),
        "schedule": Row(Action.SCHEDULE, framed(open_room, "schedule", body="Later", at="tomorrow"), True),
        "remind": Row(Action.SCHEDULE, framed(open_room, "remind", id="others", at="tomorrow"), True),
        "the lobby": Row(None, opened(open_path("/lobby/")), kinds=ONE),
        "rooms for operators": Row(None, opened(open_path("/operators/rooms/")), kinds=ONE),
        "the site's health": Row(None, opened(open_path("/operators/health/")), kinds=ONE),
    },
    "me": {
        "open": Row(None, opened(open_own), kinds=ONE),
        "a room of the list": Row(
            Action.KEEP, seen(open_own, lambda events, room: has_room(events[0]["rooms"], room)), by_slug=False
        ),
        "an announcement": Row(Action.KEEP, seen(open_own, has_news), by_slug=False),
        "level": Row(Action.KEEP, framed(open_own, "level", room="slug", level="none"), by_slug=False),
        "favourite": Row(Action.KEEP, framed(open_own, "favourite", room="slug", on=True), by_slug=False),
    },
    "poll": {
        "enter": Row(Action.ENTER, polled()),
        "post": Row(Action.POST, polled({"type": "post", "ref": "r1", "body": "Hello"}), True),
        "edit another's message": Row(
            Action.EDIT_OTHERS, polled({"type": "edit", "ref": "r1", "id": "others", "body": "Other"}), True
        ),
        "pin": Row(Action.PIN, polled({"type": "pin", "ref": "r1", "id": "others", "on": True}), True),
    },
    "rest": {
        "a room of the list": Row(None, listed("/api/rooms/?q=", lambda body, room: has_room(body["rooms"], room))),
        "an archived room": Row(
            None,
            listed("/api/rooms/?archived=1", lambda body, room: has_room(body["rooms"], room)),
            kinds=("archived",),
        ),
        "a room of the workspace": Row(
            Action.KEEP, listed("/api/workspace/", lambda body, room: has_room(body["rooms"], room)), by_slug=False
        ),
        "a mention": Row(
            Action.READ,
            listed("/api/mentions/", lambda body, room: has_room(body["mentions"], room, "room")),
            by_slug=False,
        ),
        "a bookmark": Row(
            Action.BOOKMARK,
            listed("/api/bookmarks/", lambda body, room: has_room([mark["room"] for mark in body["bookmarks"]], room)),
        ),
        "read messages": Row(Action.READ, request("GET", API + "messages/")),
        "read pins": Row(Action.READ, request("GET", API + "pins/")),
        "list files": Row(Action.READ, request("GET", API + "files/")),
        "upload a file": Row(Action.UPLOAD, uploaded(API + "files/"), True),
        "open a file": Row(None, request("GET", "/api/files/{file}/a.txt")),
        "read a thread": Row(Action.READ, request("GET", API + "threads/{others}/")),
        "preview": Row(Action.READ, request("POST", API + "preview/", {"body": "Hello"})),
        "post": Row(Action.POST, request("POST", API + "messages/", {"ref": "r1", "body": "Hello"}), True),
        "join": Row(Action.ENTER, request("PUT", API + "membership/")),
        "level": Row(Action.KEEP, request("PUT", API + "membership/", {"level": "none"}), True),
        "read marker": Row(Action.KEEP, request("POST", API + "read/"), by_slug=False),
        "leave": Row(Action.LEAVE, request("DELETE", API + "membership/")),
        "see people": Row(Action.SEE_PEOPLE, request("GET", API + "people/")),
        "find people": Row(Action.READ, request("GET", "/api/people/?room={slug}&q=A")),
        "bookmark": Row(Action.BOOKMARK, request("PUT", "/api/bookmarks/{slug}/{own}/")),
        "report": Row(Action.REPORT, request("POST", API + "messages/{others}/reports/", {"reason": "Rude"})),
        "open a preview's image": Row(Action.READ, request("GET", API + "messages/{others}/previews/{preview}/image/")),
        "remove another's preview": Row(
            Action.EDIT_OTHERS, request("DELETE", API + "messages/{others}/previews/{preview}/"), True
        ),
        "remove another's file": Row(
            Action.EDIT_OTHERS, request("DELETE", API + "messages/{others}/files/{file}/"), True
        ),
        "list scheduled": Row(Action.READ, request("GET", API + "scheduled/")),
        "schedule": Row(
            Action.SCHEDULE,
            request("POST", API + "scheduled/", {"ref": "r1", "body": "Hello", "at": "{tomorrow}"}),
            True,
        ),
        "cancel an own scheduled": Row(None, request("DELETE", API + "scheduled/{scheduled}/")),
        "list commands": Row(Action.READ, request("GET", API + "commands/")),
        "command": Row(
            Action.POST, request("POST", API + "commands/", {"ref": "r1", "name": "me", "text": "waves"}), True
        ),
        "list tasks": Row(Action.READ, request("GET", API + "tasks/")),
        "start a task": Row(
            Action.START_TASK, request("POST", API + "tasks/", {"ref": "r1", "task": "export", "params": EXPORT}), True
        ),
        "list invitations": Row(Action.INVITE, request("GET", API + "invitations/")),
        "invite": Row(Action.INVITE, request("POST", API + "invitations/")),
        "revoke an invitation": Row(Action.INVITE, request("DELETE", API + "invitations/{invitation}/"), kinds=PRIVATE),
        "list webhooks": Row(Action.MAKE_HOOKS, request("GET", API + "hooks/")),
        "make a webhook": Row(Action.MAKE_HOOKS, request("POST", API + "hooks/", {"kind": "incoming", "name": "CI"})),
        "change a webhook": Row(
            Action.MAKE_HOOKS, request("PATCH", API + "hooks/{incoming_hook}/", {"enabled": False}), kinds=PRIVATE
        ),
        "renew the key of a webhook": Row(
            Action.MAKE_HOOKS, request("POST", API + "hooks/{incoming_hook}/key/"), kinds=PRIVATE
        ),
        "delete a webhook": Row(Action.MAKE_HOOKS, request("DELETE", API + "hooks/{incoming_hook}/"), kinds=PRIVATE),
        "make an outgoing webhook": Row(Action.SEND_OUT, request("POST", API + "hooks/", OUTGOING_HOOK)),
        "change an outgoing webhook": Row(
            Action.SEND_OUT, request("PATCH", API + "hooks/{outgoing_hook}/", {"enabled": False}), kinds=PRIVATE
        ),
        "delete an outgoing webhook": Row(
            Action.SEND_OUT, request("DELETE", API + "hooks/{outgoing_hook}/"), kinds=PRIVATE
        ),
        "list deliveries": Row(
            Action.SEND_OUT, request("GET", API + "hooks/{outgoing_hook}/deliveries/"), kinds=PRIVATE
        ),
        "test an outgoing webhook": Row(
            Action.SEND_OUT, request("POST", API + "hooks/{outgoing_hook}/deliveries/"), kinds=PRIVATE
        ),
        "see roles": Row(Action.SEE_ROLES, request("GET", API + "members/")),
        "see a role": Row(Action.SEE_ROLES, request("GET", API + "members/Author/"), kinds=NO_BOARD),
        "mute": Row(Action.CHANGE_ROLES, request("PUT", API + "members/Author/", {"role": "muted"}), kinds=NO_BOARD),
        "promote": Row(
            Action.CHANGE_ALL_ROLES,
            request("PUT", API + "members/Author/", {"role": "moderator"}),
            kinds=NO_BOARD,
        ),
        "admit": Row(Action.ADMIT, request("PUT", API + "members/Newcomer/", {"role": "member"}), kinds=NO_BOARD),
        "list reports": Row(Action.SEE_REPORTS, request("GET", API + "reports/")),
        "decide on a report": Row(Action.SEE_REPORTS, request("PUT", API + "reports/{report}/", {"action": "dismiss"})),
        "see history": Row(Action.SEE_HISTORY, request("GET", API + "messages/{others}/history/")),
        "see audit log": Row(Action.SEE_AUDIT, request("GET", API + "audit/")),
        "rename": Row(Action.CHANGE_ROOM, request("PUT", API, {"name": "Other"})),
        "set guests": Row(Action.SET_GUESTS, request("PUT", API, {"guests": True})),
        "set callers": Row(Action.SET_CALLERS, request("PUT", API, {"callers": "everyone"})),
        "archive": Row(Action.ARCHIVE, request("PUT", API, {"archived": True})),
        "delete": Row(Action.DELETE, request("DELETE", API)),
        "announce": Row(None, request("POST", "/api/announcements/", {"text": "Hello", "room": "{slug}"})),
        "whisper": Row(None, request("POST", "/api/whispers/", {"text": "Hello", "handle": "Author"}), kinds=ONE),
        "disconnect": Row(None, request("POST", "/api/disconnections/", {"handle": "Author"}), kinds=ONE),
    },
    "search": {
        "in the room": Row(Action.SEARCH, request("GET", "/api/search/?q=apples&room={slug}")),
        "a message of the room": Row(
            Action.SEARCH,
            listed("/api/search/?q=apples", lambda body, room: has_room([r["room"] for r in body["results"]], room)),
        ),
    },
    "page": {
        "room": Row(Action.READ, request("GET", "/rooms/{slug}/")),
        "a room of the lobby": Row(None, listed("/?pane=1", lambda body, room: f"/rooms/{room.slug}/" in body)),
        "set guests": Row(Action.SET_GUESTS, request("POST", "/rooms/{slug}/guests/")),
        "change address": Row(Action.CHANGE_ADDRESS, request("POST", "/rooms/{slug}/address/")),
        "a room for operators": Row(None, listed("/operators/rooms/", lambda body, room: room.slug in body)),
        "the site's health": Row(None, request("GET", "/operations/"), kinds=ONE),
    },
    "admin": {
        "room": Row(None, request("GET", "/admin/chat/room/{room}/change/")),
        "a message of the room": Row(
            None, listed("/admin/chat/message/?q=apples", lambda body, room: f">{room.slug}<" in body)
        ),
        "a role in the room": Row(None, listed("/admin/chat/member/?q=Author", lambda body, room: room.slug in body)),
        "delete a membership": Row(
            Action.REMOVE_MEMBER, submitted("/admin/chat/member/{role}/delete/", post="yes"), by_slug=False
        ),
        "a report in the room": Row(None, listed("/admin/chat/report/", lambda body, room: f">{room.slug}<" in body)),
    },
    "task": {
        "an own task": Row(Action.READ, request("GET", "/api/tasks/{task}/")),
        "an own result": Row(Action.READ, request("GET", "/api/tasks/{task}/result/")),
        "delete an own task": Row(None, request("DELETE", "/api/tasks/{task}/")),
        "another's task": Row(None, request("GET", "/api/tasks/{others_task}/")),
        "another's result": Row(None, request("GET", "/api/tasks/{others_task}/result/")),
        "delete another's task": Row(None, request("DELETE", "/api/tasks/{others_task}/")),
    },
    "invitation": {
        "page": Row(None, listed("/invite/{key}/", lambda body, room: room.name in body), kinds=PRIVATE),
        "accept by the API": Row(None, request("POST", "/api/invitations/", {"key": "{key}"}), kinds=PRIVATE),
        "accept on the page": Row(None, request("POST", "/invite/{key}/"), kinds=PRIVATE),
    },
    "board": {
        "page": Row(None, request("GET", "/board/{board}/"), kinds=BOARD),
        "visit": Row(None, request("GET", "/api/boards/{board}/"), kinds=BOARD),
        "list visitors": Row(None, request("GET", "/api/boards/{board}/visitors/"), kinds=BOARD),
        "preview": Row(
            Action.READ,
            request("POST", "/api/boards/{board}/preview/", {"body": "Hello"}),
            by_slug=False,
            kinds=BOARD,
        ),
        "upload a file": Row(Action.UPLOAD, uploaded("/api/boards/{board}/files/"), by_slug=False, kinds=BOARD),
        "waiting room": Row(None, opened(open_auth), kinds=BOARD),
        "close": Row(None, framed(open_auth, "shut"), kinds=BOARD),
        "enter": Row(Action.ENTER, opened(open_write), by_slug=False, kinds=BOARD),
        **rows_of_frames(open_write, BOARD, by_slug=False),
    },
    "picture": {"read": Row(None, request("GET", "/pictures/{digest}/"), kinds=ONE)},
    "direct": {
        "open with another person": Row(None, request("POST", "/api/directs/", {"handles": ["Author"]}), kinds=DIRECT)
    },
}


def read_table():
    """Return {(way, name): {kind: the signs of all standings}} from rights.txt."""
    text = (Path(__file__).parent / "rights.txt").read_text()
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            way, name, *signs = [part.strip() for part in line.split("|")]
            found[way, name] = dict(zip(KINDS, signs, strict=True))
    return found
