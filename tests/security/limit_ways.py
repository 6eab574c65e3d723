"""
The ways in which the tests of limits send requests and frames. A way is a function that takes an Actor, prepares what
it needs, and returns `ask`. `ask()` sends one request or frame and returns an Outcome.
"""

import io
import itertools
import json
import math
from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from chat.models import Member, Person
from chat.services import people, rooms
from tests import wire
from tests.chat.helpers import Browser, knock
from tests.chat.polling import Poller

numbers = itertools.count(1)
REFUSALS = (1013, 4429)
ANSWERS = ("ack", "rejected", "page", "synced", "workspace", "joined")


@dataclass
class Outcome:
    """What a client learned from one request: whether a limit refused it, the seconds to wait, and the answer."""

    refused: bool
    retry_after: float | None = None
    detail: object = None


class Actor:
    """A person at an address: the person's browser, and the objects that the ways need."""

    def __init__(self, person, address):
        self.person, self.address = person, address
        self.browser = wire.browser_of(person, REMOTE_ADDR=address) if person else wire.Client(REMOTE_ADDR=address)

    def socket(self, path, **kwargs):
        """Return an open socket."""
        return wire.Socket(path, self.browser, address=self.address, **kwargs).connect()


def read_response(response):
    """Return the Outcome of an HTTP response, and check that a refusal is complete."""
    if response.status_code != 429:
        assert response.status_code < 400 or response.status_code in (401, 403), response.content
        return Outcome(False, detail=response.status_code)
    seconds = int(response["Retry-After"])
    if response["Content-Type"] != "application/json":
        return Outcome(True, seconds, response.content)
    body = json.loads(response.content)
    assert body["code"] == "rate_limited" and math.ceil(body["retry_after"]) == seconds, body
    return Outcome(True, body["retry_after"], body)


def read_events(events):
    """Return the Outcome of the events that answer one frame."""
    [answer] = [event for event in events if event["type"] in ANSWERS][-1:]
    if answer["type"] != "rejected":
        return Outcome(False, detail=answer)
    assert answer["code"] == "rate_limited", answer
    return Outcome(True, answer["retry_after"], answer)


def get(path):
    """Return a way that requests a path."""

    def way(actor):
        return lambda: read_response(actor.browser.get(path))

    return way


def send(method, path, body):
    """Return a way that sends JSON. In the texts of path and body, `{n}` is a new number each time."""

    def way(actor):
        def ask():
            number = str(next(numbers))
            content = json.dumps(body).replace("{n}", number)
            call = getattr(actor.browser, method)
            return read_response(call(path.replace("{n}", number), content, content_type="application/json"))

        return ask

    return way


def submit(path, **fields):
    """Return a way that submits a form."""

    def way(actor):
        def ask():
            filled = {name: value.replace("{n}", str(next(numbers))) for name, value in fields.items()}
            return read_response(actor.browser.post(path, filled))

        return ask

    return way


def frame(path, **fields):
    """Return a way that sends one frame on an open socket."""

    def way(actor):
        socket = actor.socket(path)
        return lambda: read_events(socket.send(json.dumps(fields).replace("{n}", str(next(numbers)))))

    return way


def connect(path, query=""):
    """Return a way that opens a socket."""

    def way(actor):
        def ask():
            socket = actor.socket(path, query=query)
            assert socket.code in (None, *REFUSALS)
            return read_events(
                [event for event in socket.events if event["type"] in ("joined", "workspace", "rejected")]
            )

        return ask

    return way


def poll_first(actor):
    """Return a function that asks for the first poll."""
    return _read_polls(Poller(actor.person), "GET", "")


def poll_again(actor):
    """Return a function that polls for everything again from cursor 0."""
    poller = Poller(actor.person)
    poller.start()
    return _read_polls(poller, "GET", f"poll={poller.poll}&cursor=0&wait=0")


def poll_send(**fields):
    """Return a way that sends one frame by polling."""

    def way(actor):
        poller = Poller(actor.person)
        poller.start()

        def ask():
            body = json.dumps(fields).replace("{n}", str(next(numbers))).encode()
            return _read_poll(poller.request("POST", f"poll={poller.poll}", body))

        return ask

    return way


def _read_polls(poller, method, query):
    return lambda: _read_poll(poller.request(method, query))


def _read_poll(response):
    if response.status == 429:
        return Outcome(True, response.body["retry_after"], response.body)
    assert response.status == 200, response.body
    return read_events(response.body["events"])


def board_frame(kind, **fields):
    """Return a way that sends one frame on a socket of a board, as its owner."""

    def way(actor):
        owner = Browser().make_board(name="Plans", handle="Olga")
        owner.client.defaults["REMOTE_ADDR"] = actor.address
        socket = owner.socket(kind, address=actor.address).connect()
        return lambda: read_events(socket.send(json.dumps(fields).replace("{n}", str(next(numbers)))))

    return way


def board_preview(body):
    """Return a way that asks for the preview of a message on a board, as its owner."""

    def way(actor):
        owner = Browser().make_board(name="Plans", handle="Olga")
        path = f"/api/boards/{owner.board}/preview/"
        return lambda: read_response(owner.client.post(path, json.dumps({"body": body}), "application/json"))

    return way


def board_knock(actor):
    """Return a function that knocks in the waiting room of a board, as a visitor."""
    owner = Browser().make_board(name="Plans", handle="Olga")
    door = knock(Browser().follow(owner))
    return lambda: read_events(door.send(json.dumps({"type": "knock", "ref": f"k{next(numbers)}", "handle": "Bob"})))


def new_visitor(actor):
    """Return a function that opens the link of a board, each time with a new browser."""
    owner = Browser().make_board(name="Plans", handle="Olga")
    path = f"/api/boards/{owner.board}/"
    return lambda: read_response(wire.Client(REMOTE_ADDR=actor.address).get(path))


def new_browser(method, path, body):
    """Return a way that sends JSON, each time from a new browser."""
    return lambda actor: lambda: send(method, path, body)(Actor(None, actor.address))()


def new_browser_form(path, **fields):
    """Return a way that submits a form, each time from a new browser."""
    return lambda actor: lambda: submit(path, **fields)(Actor(None, actor.address))()


def invalid_token(actor):
    """Return a function that sends a token that does not exist."""
    return lambda: read_response(actor.browser.get("/api/workspace/", HTTP_AUTHORIZATION="Bearer none"))


def start_over_socket(actor):
    """Return a function that starts an export over a socket, and lets it finish."""
    socket = actor.socket("/chat/garden/")

    def ask():
        answer = socket.ask("start", ref=f"s{next(numbers)}", task="export", params=EXPORT)
        wire.work()
        return read_events([answer])

    return ask


def start_by_api(actor):
    """Return a function that starts an export by the API, and lets it finish."""
    ask_once = send("post", "/api/rooms/garden/tasks/", {"ref": "s{n}", "task": "export", "params": EXPORT})(actor)

    def ask():
        outcome = ask_once()
        wire.work()
        return outcome

    return ask


def start_by_poll(actor):
    """Return a function that starts an export by polling, and lets it finish."""
    return poll_send(type="start", ref="s{n}", task="export", params=EXPORT)(actor)


EXPORT = {"format": "json", "from": None, "to": None}


def download(actor):
    """Return a function that fetches the result of a task."""
    socket = actor.socket("/chat/garden/")
    task_id = socket.ask("start", ref=f"s{next(numbers)}", task="export", params=EXPORT)["task_id"]
    wire.work()

    def ask():
        response = actor.browser.get(f"/api/tasks/{task_id}/result/")
        outcome = read_response(response)
        if response.streaming:
            list(response.streaming_content)
        return outcome

    return ask


def upload(actor):
    """Return a function that uploads a profile's picture."""
    file = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(file, "PNG")
    return lambda: read_response(actor.browser.put("/api/profile/picture/", file.getvalue(), content_type="image/png"))


def send_file(actor):
    """Return a function that uploads a file for a message."""

    def ask():
        form = {"file": SimpleUploadedFile("a.txt", b"Hello")}
        return read_response(actor.browser.post("/api/rooms/garden/files/", form))

    return ask


def open_file(actor):
    """Return a function that opens a file that the person has uploaded."""
    form = {"file": SimpleUploadedFile("a.txt", b"Hello")}
    key = actor.browser.post("/api/rooms/garden/files/", form).json()["id"]
    return get(f"/api/files/{key}/a.txt")(actor)


def new_direct(actor):
    """Return a function that opens a direct conversation with a new person each time."""
    handles = [f"Person {next(numbers)}" for _ in range(6)]
    for handle in handles:
        people.sign_up(handle, "correct horse")
    turns = iter(handles)
    return lambda: send("post", "/api/directs/", {"handles": [next(turns)]})(actor)()


def search(actor):
    """Return a function that searches for a word."""
    return get("/api/search/?q=hello")(actor)


def make_owner(actor):
    """Make the actor an owner of the room, and an operator."""
    rooms.apply_role(rooms.join_room(actor.person, "garden"), Member.OWNER)
    Person.objects.filter(id=actor.person.id).update(is_staff=True, is_superuser=True)
