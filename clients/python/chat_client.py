"""
A library for bots, in one file: copy it beside your program. It needs Python 3.11 or later and the package websockets.

    from chat_client import Bot

    bot = Bot("https://chat.example", token="...", rooms=["garden"], state="bot.json")

    @bot.command("echo")
    def echo(message, text):
        message.reply(text)

    bot.run()

The library does what docs/protocol.md demands of a client. It reconnects with backoff and resumes at its cursor. It
sends unanswered changes again, with the same ref. With `state`, these promises also hold across restarts of the bot:

- the handlers get each message of other people. If the bot was killed during a handler, they get the message again;
- `message.reply` posts one message, even if the handler runs again, because the ref depends only on the message and on
  the number of the reply;
- `bot.post` posts one message, however often the library sends it.

Handlers run one after the other, in the thread that called `run`. All methods may be called from any thread.
"""

import contextlib
import dataclasses
import datetime
import hashlib
import json
import logging
import mimetypes
import os
import pathlib
import queue
import random
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

__all__ = ["Bot", "ChatError", "Message", "send_to_hook"]

logger = logging.getLogger("chat_client")

HEARTBEAT_SECONDS = 25
ANSWER_SECONDS = 10  # the server answers a `sync`, and greets a new connection, within this time
RESEND_SECONDS = 5
GAP_SECONDS = 0.3  # two workers may swap two broadcasts
FIRST_PAUSE, LAST_PAUSE = 0.25, 15.0
MAX_UNANSWERED = 20
# After these close codes, a new connection would be closed too.
FINAL = {1007, 1009, 4401, 4403, 4404}
LOST, FLOODING = 4408, 4429
TEMPORARY = {"rate_limited", "unavailable"}


class ChatError(Exception):
    """
    The server refused a request, or the bot stopped before the answer.

    - `code`: a word of the protocol, such as `forbidden`; for a response without such a word, `rate_limited`,
      `unavailable` or its status; `closed` if the bot stopped or the room ended;
    - `detail`: a sentence, or the beginning of the response;
    - `retry_after`: seconds, or None.
    """

    def __init__(self, code: str, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.retry_after = code, detail, retry_after


@dataclasses.dataclass
class Message:
    """A message of a room. `fields` is the whole `message` event."""

    room: "Room"
    fields: dict[str, Any]
    _replies: int = 0

    @property
    def id(self) -> int:
        """Return the id of the message in its room."""
        return self.fields["id"]

    @property
    def author(self) -> str:
        """Return the handle of the author."""
        return self.fields["author"]["handle"]

    @property
    def body(self) -> str:
        """Return the text, in Markdown."""
        return self.fields["body"]

    @property
    def mentions_me(self) -> bool:
        """Return whether the message names this bot."""
        return self.room.me in self.fields.get("mentions", [])

    def reply(self, body: str, quote: bool = False, wait: float = 30) -> int | None:
        """
        Answer in the same room, and return the id of the answer. With `quote`, the answer refers to this message.

        The answer is posted once, also if the bot is killed and handles the message again. If an earlier run of the
        handler posted another text, that text stays, and this call returns None. Raise what `Room.send` raises.
        """
        self._replies += 1
        unique = f"{self.room.slug}:{self.room.epoch}:{self.id}:{self._replies}"
        ref = "re-" + hashlib.sha256(unique.encode()).hexdigest()[:40]
        more = {"reply_to": self.id} if quote else {}
        try:
            return self.room.send("post", ref, wait, body=body, **more)
        except ChatError as error:
            if error.code != "ref_conflict":
                raise
            return None  # an earlier run of the handler posted another text

    def react(self, emoji: str, on: bool = True, wait: float = 30) -> None:
        """Put an emoji on the message, or remove it (`on=False`). Raise what `Room.send` raises."""
        self.room.send("react", None, wait, id=self.id, emoji=emoji, on=on)


class _State:
    """
    The data that must survive a restart of the bot: cursors, unanswered changes, and when each daily job last ran.

    `path` is the file with the data. With None, the data are only in memory.
    """

    def __init__(self, path: str | None) -> None:
        self._path = pathlib.Path(path) if path else None
        self._lock = threading.RLock()
        self.content: dict[str, Any] = {"rooms": {}, "outbox": {}, "days": {}}
        if self._path and self._path.exists():
            self.content |= json.loads(self._path.read_text())

    @contextlib.contextmanager
    def changing(self):
        """Yield the content, and store it afterwards. The file always has either the old or the new content."""
        with self._lock:
            yield self.content
            if self._path:
                draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
                draft.write_text(json.dumps(self.content))
                draft.replace(self._path)


class _Waiting:
    """A change that the server has not answered. It is stored in the state until the server answers."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.event, self.answered = event, threading.Event()
        self.answer: dict[str, Any] = {}
        self.connection: object = None  # the connection on which it was sent last
        self.sent_at = self.not_before = 0.0


class _Final(Exception):
    """The server refuses the connection to the room, and would refuse it again."""


class _Silent(Exception):
    """The server does not answer on this connection."""


class Room:
    """One room of a bot: its connection, its cursor and its unanswered changes. `me` is the handle of the bot."""

    def __init__(self, bot: "Bot", slug: str) -> None:
        self._bot, self.slug, self.me = bot, slug, ""
        stored = bot.state.content["rooms"].get(slug, {})
        self.cursor: int | None = stored.get("cursor")
        self.epoch: str | None = stored.get("epoch")
        self._handled: set[int] = set(stored.get("handled", []))
        self._unfinished: dict[int, int] = {}  # {id of a message that is being handled: its offset}
        outbox = [event for event in bot.state.content["outbox"].values() if event["room"] == slug]
        self._waiting = {event["ref"]: _Waiting(event) for event in outbox}
        self._lock = threading.RLock()
        self._socket: Any = None
        self._wake_at = 0.0
        self.joined = threading.Event()
        self.error: str | None = None
        self.thread = threading.Thread(target=self._run, name=f"room {slug}", daemon=True)

    # For handlers.

    def post(self, body: str, wait: float = 30, ref: str | None = None, **more: Any) -> int | None:
        """Post a message, and return its id. See `send`."""
        return self.send("post", ref, wait, body=body, **more)

    def send(self, type: str, ref: str | None = None, wait: float = 30, **fields: Any) -> int | None:
        """
        Send a change, and return the id in its answer.

        `fields` are those of the event `type`. `ref` is the id of the change; without it, the library makes one.

        Raise ChatError if the server refuses the change, or if the room ends or the bot stops before the answer. Raise
        TimeoutError after `wait` seconds without an answer. The library then still sends the change when it
        can. With `wait=0`, return None at once.
        """
        event = {"type": type, "ref": ref or secrets.token_hex(16), **fields}
        with self._lock:
            waiting = self._waiting.setdefault(event["ref"], _Waiting({"room": self.slug, **event}))
            with self._bot.state.changing() as state:
                state["outbox"][event["ref"]] = waiting.event
        self._send_waiting()
        if not wait:
            return None
        if not waiting.answered.wait(wait):
            raise TimeoutError(f"The server has not yet answered the change in {self.slug}. The library resends it.")
        if waiting.answer["type"] == "rejected":
            raise ChatError(waiting.answer["code"], waiting.answer["detail"])
        return waiting.answer["id"]

    def typing(self, on: bool = True) -> None:
        """Show that the bot is typing, or has stopped (`on=False`). The event may be lost."""
        self._put({"type": "typing", "on": on})

    def finish(self, message: Message) -> None:
        """Record that all handlers of a message have ended."""
        with self._lock:
            self._unfinished.pop(message.id, None)
            self._handled.add(message.id)
            self._store()

    def close(self) -> None:
        """Close the connection."""
        socket = self._socket
        if socket is not None:
            socket.close()

    # The connection. Everything below runs in the thread of the room. Other threads also call `_send_waiting`,
    # `_put` and `_store`.

    def _run(self) -> None:
        pause = 0.0
        while not self._bot.stopped.wait(pause * random.uniform(0.5, 1)):
            self.joined.clear()
            try:
                code = self._connect()
            except _Final as final:
                self.error = str(final)
                break
            except Exception:
                logger.exception("The connection to %s failed", self.slug)
                code = None
            if code in FINAL:
                self.error = f"The server closed the connection to the room with the code {code}."
                break
            was_joined, waits = self.joined.is_set(), max(0.0, self._wake_at - time.monotonic())
            pause = FIRST_PAUSE if was_joined else min(max(FIRST_PAUSE, pause * 2), LAST_PAUSE)
            if code == LOST:
                pause = 0.0
            elif code == FLOODING:
                pause = max(pause, waits * 2)
        self._fail_waiting()
        self._bot.room_ended(self)

    def _connect(self) -> int | None:
        """
        Connect, read until the connection ends, and return its close code, or None if there was no connection.

        Raise _Final if the server refuses the connection for good.
        """
        query = {"cursor": self.cursor, "epoch": self.epoch} if self.cursor is not None else {}
        given = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        url = f"{self._bot.url.replace('http', 'ws', 1)}/chat/{self.slug}/{'?' + given if given else ''}"
        headers = {"Authorization": f"Bearer {self._bot.token}"}
        try:
            socket = connect(
                url, additional_headers=headers, open_timeout=ANSWER_SECONDS, close_timeout=1, max_size=None
            )
        except InvalidStatus as refused:
            status = refused.response.status_code
            if 400 <= status < 500 and status not in (408, 429):
                raise _Final(f"The server refuses the connection with the status {status}.") from None
            return None
        except (OSError, TimeoutError, WebSocketException):
            return None
        self._socket, self._is_first = socket, self.cursor is None
        self._heartbeat_at, self._deadline = float("inf"), time.monotonic() + ANSWER_SECONDS
        self._gap_at = float("inf")
        try:
            with socket:
                return self._read(socket)
        finally:
            self._socket = None

    def _read(self, socket: Any) -> int:
        try:
            while True:
                self._keep_alive()
                try:
                    text = socket.recv(timeout=max(0.01, min(0.5, self._gap_at - time.monotonic())))
                except TimeoutError:
                    continue
                self._take(json.loads(text))
        except _Silent:
            return 1006
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if now > self._deadline:
            raise _Silent
        if now > self._heartbeat_at or now > self._gap_at:
            self._sync()
        if self.joined.is_set():
            self._send_waiting()

    def _sync(self) -> None:
        now = time.monotonic()
        self._gap_at, self._heartbeat_at = float("inf"), now + HEARTBEAT_SECONDS * random.uniform(0.8, 1.2)
        self._deadline = min(self._deadline, now + ANSWER_SECONDS)
        self._put({"type": "sync", "cursor": self.cursor or 0})

    def _put(self, event: dict[str, Any]) -> None:
        socket = self._socket
        if socket is not None:
            with contextlib.suppress(ConnectionClosed):
                socket.send(json.dumps(event))

    def _send_waiting(self) -> None:
        """Send the changes that were not sent on this connection yet, or have had no answer for RESEND_SECONDS."""
        if not self.joined.is_set():
            return
        with self._lock:
            socket, now = self._socket, time.monotonic()
            for waiting in list(self._waiting.values())[:MAX_UNANSWERED]:
                is_sent = waiting.connection is socket and now - waiting.sent_at < RESEND_SECONDS
                if not is_sent and now >= max(waiting.not_before, self._wake_at):
                    waiting.connection, waiting.sent_at = socket, now
                    self._put({name: value for name, value in waiting.event.items() if name != "room"})

    def _take(self, event: dict[str, Any]) -> None:
        take = getattr(self, f"_take_{event['type']}", None)
        if take is not None:
            take(event)
        self._bot.emit(self, event)

    def _take_joined(self, event: dict[str, Any]) -> None:
        self.me = event["you"]["handle"]
        with self._lock:
            if event.get("reset"):
                self._forget()
            self.epoch = event.get("epoch")
        self._deadline = time.monotonic() + ANSWER_SECONDS
        self.joined.set()

    def _take_synced(self, event: dict[str, Any]) -> None:
        with self._lock:
            if event.get("reset"):
                self._forget()
            self.cursor, self._is_first = event["offset"], False
            self._store()
        self._deadline, self._gap_at = float("inf"), float("inf")
        if event["more"]:
            self._sync()
        else:
            self._heartbeat_at = time.monotonic() + HEARTBEAT_SECONDS * random.uniform(0.8, 1.2)

    def _forget(self) -> None:
        """Begin at the newest message: the server has other data than before, for example after a restored backup."""
        self.cursor, self._is_first = None, True
        self._handled.clear()
        self._unfinished.clear()

    def _take_message(self, event: dict[str, Any]) -> None:
        with self._lock:
            is_first = self._is_first
            is_new = not is_first and self._is_new(event)
            if is_new:
                self._unfinished[event["id"]] = event["offset"]
            if self.cursor is not None and event["offset"] == self.cursor + 1:
                self.cursor += 1
            elif self.cursor is not None and event["offset"] > self.cursor + 1:
                self._gap_at = min(self._gap_at, time.monotonic() + GAP_SECONDS)
            self._store()
        # Handlers do not get the messages from before the first connection of the bot.
        if is_new or (event["offset"] > event["id"] and not is_first):
            self._bot.take_message(Message(self, event), is_new)

    def _is_new(self, event: dict[str, Any]) -> bool:
        # All messages up to the cursor have been received.
        is_known = event["id"] in self._handled or event["id"] in self._unfinished
        return event["id"] > (self.cursor or 0) and not is_known and not event["removed"]

    def _store(self) -> None:
        """Store the cursor up to which all messages are handled, and the ids of handled messages after it."""
        if self.cursor is None:
            return
        finished = min([self.cursor, *(offset - 1 for offset in self._unfinished.values())])
        self._handled = {number for number in self._handled if number > finished}
        with self._bot.state.changing() as state:
            state["rooms"][self.slug] = {
                "cursor": finished,
                "epoch": self.epoch,
                "handled": sorted(self._handled),
            }

    def _take_ack(self, event: dict[str, Any]) -> None:
        self._answer(event)

    def _take_rejected(self, event: dict[str, Any]) -> None:
        seconds = event.get("retry_after") or 1
        if event["code"] in TEMPORARY:
            now = time.monotonic()
            self._wake_at = max(self._wake_at, now + seconds)
            waiting = self._waiting.get(event["ref"] or "")
            if waiting is not None:
                waiting.connection, waiting.not_before = None, now + seconds
        else:
            self._answer(event)

    def _answer(self, event: dict[str, Any]) -> None:
        with self._lock:
            waiting = self._waiting.pop(event["ref"] or "", None)
            with self._bot.state.changing() as state:
                state["outbox"].pop(event["ref"], None)
        if waiting is not None:
            waiting.answer = event
            waiting.answered.set()
            if event["type"] == "rejected":
                logger.warning("The server refused a change in %s: %s", self.slug, event["detail"])

    def _fail_waiting(self) -> None:
        """End the waits of all changes. The changes stay in the state, for the next start of the bot."""
        for waiting in list(self._waiting.values()):
            waiting.answer = {"type": "rejected", "code": "closed", "detail": self.error or "The bot stops."}
            waiting.answered.set()


class Bot:
    """
    A bot in some rooms.

    - `url`: the address of the site, such as https://chat.example;
    - `token`: the key of a token with the scopes `read` and `post`;
    - `rooms`: the slugs of the rooms;
    - `state`: the path of a file for the data that survive a restart, or None;
    - `prefix`: the text before the name of a command in a message.
    """

    def __init__(
        self, url: str, token: str, rooms: list[str] | tuple = (), state: str | None = None, prefix: str = "!"
    ) -> None:
        self.url, self.token, self.prefix = url.rstrip("/"), token, prefix
        self.state, self.stopped = _State(state), threading.Event()
        self.rooms = {slug: Room(self, slug) for slug in rooms}
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._commands: dict[str, Callable] = {}
        self._handlers: dict[str, list[Callable]] = {"new": [], "change": [], "mention": []}
        self._days: list[tuple[datetime.time, bool, Callable]] = []

    # Handlers.

    def on_message(self, handler: Callable[[Message], object]) -> Callable:
        """Call `handler(message)` for each new message of another person."""
        self._handlers["new"].append(handler)
        return handler

    def on_mention(self, handler: Callable[[Message], object]) -> Callable:
        """Call `handler(message)` for each new message that names the bot."""
        self._handlers["mention"].append(handler)
        return handler

    def on_change(self, handler: Callable[[Message], object]) -> Callable:
        """
        Call `handler(message)` for each change of a message, also of the bot's own messages; sometimes twice.

        Changes are edits, removals, reactions, pins, votes, ends of polls, previews of links, and thumbnails.
        """
        self._handlers["change"].append(handler)
        return handler

    def on_event(self, type: str) -> Callable[[Callable], Callable]:
        """Call `handler(room, event)` for each event of a type, such as `presence`, `typing` or `announcement`."""
        return lambda handler: self._handlers.setdefault(f"event {type}", []).append(handler) or handler

    def command(self, name: str) -> Callable[[Callable], Callable]:
        """Call `handler(message, text)` for messages such as `!name text`."""
        return lambda handler: self._commands.setdefault(name, handler)

    def every_day(self, at: str, weekdays_only: bool = False) -> Callable[[Callable], Callable]:
        """Call `handler()` once a day at a local time such as "09:30", or later that day if the bot was down."""
        when = datetime.time.fromisoformat(at)
        return lambda handler: self._days.append((when, weekdays_only, handler)) or handler

    # Calls of the server.

    def room(self, slug: str) -> Room:
        """Return one of the bot's rooms."""
        return self.rooms[slug]

    def post(self, slug: str, body: str, wait: float = 30, ref: str | None = None, **more: Any) -> int | None:
        """Post a message in one of the bot's rooms, and return its id. See `Room.send`."""
        return self.rooms[slug].post(body, wait, ref, **more)

    def api(self, method: str, path: str, body: Any = None, tries: int = 5) -> Any:
        """
        Call the HTTP API, and return the JSON of the response.

        Try up to `tries` times while the server answers `rate_limited` or `unavailable`, or cannot be reached. Raise
        ChatError if the server refuses the call, and OSError if the server cannot be reached.
        """
        data = None if body is None else json.dumps(body).encode()
        return self._call(method, path, data, "application/json", tries)

    def history(self, slug: str, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Return the newest `limit` messages of a room with ids below `before` (None: all ids), oldest first."""
        query = urllib.parse.urlencode({"limit": limit, **({} if before is None else {"before": before})})
        return self.api("GET", f"/api/rooms/{slug}/messages/?{query}")["messages"]

    def upload(self, slug: str, path: str) -> dict[str, Any]:
        """
        Upload a file for a room, and return its `id`, `name`, `type` and `size`. Give the id to `post(files=[id])`.

        A picture also has `width` and `height`. Raise what `api` raises.
        """
        file, boundary = pathlib.Path(path), secrets.token_hex(16)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        name = file.name.replace("\\", "_").replace('"', "_")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}'
        data = head.encode() + b"\r\n\r\n" + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        return self._call("POST", f"/api/rooms/{slug}/files/", data, f"multipart/form-data; boundary={boundary}", 5)

    def _call(self, method: str, path: str, data: bytes | None, kind: str, tries: int) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        return _repeat(lambda: _open(request), tries)

    # Running.

    def run(self) -> None:
        """
        Connect to the rooms, and call the handlers until `stop` is called or no room is left.

        Raise ChatError if the server has refused or closed every room.
        """
        for room in self.rooms.values():
            room.thread.start()
        while not self.stopped.is_set():
            self._run_daily()
            with contextlib.suppress(queue.Empty):
                work = self._queue.get(timeout=1)
                if work is not None:
                    work()
        for room in self.rooms.values():
            room.close()
            room.thread.join(5)
        errors = [room.error for room in self.rooms.values() if room.error]
        if errors and len(errors) == len(self.rooms):
            raise ChatError("closed", errors[0])

    def stop(self) -> None:
        """End `run` after the current handler."""
        self.stopped.set()
        self._queue.put(None)

    def room_ended(self, room: Room) -> None:
        """Log the error of a room that has ended, and stop if no room is left. Rooms call this."""
        if room.error:
            logger.error("%s: %s", room.slug, room.error)
        if all(other.error for other in self.rooms.values()):
            self.stop()

    def emit(self, room: Room, event: dict[str, Any]) -> None:
        """Queue the handlers of an event. Rooms call this."""
        for handler in self._handlers.get(f"event {event['type']}", []):
            self._queue.put(lambda handler=handler: self._guard(handler, room, event))

    def take_message(self, message: Message, is_new: bool) -> None:
        """Queue the handlers of a message. Rooms call this."""
        self._queue.put(lambda: self._handle(message, is_new))

    def _handle(self, message: Message, is_new: bool) -> None:
        is_other = message.author != message.room.me and not message.fields["author"].get("bot")
        if is_new and is_other:
            self._handle_new(message)
        elif not is_new:
            for handler in self._handlers["change"]:
                self._guard(handler, message)
        if is_new:
            message.room.finish(message)

    def _handle_new(self, message: Message) -> None:
        for handler in self._handlers["new"] + (self._handlers["mention"] if message.mentions_me else []):
            self._guard(handler, message)
        if message.body.startswith(self.prefix):
            name, _, text = message.body[len(self.prefix) :].partition(" ")
            if name in self._commands:
                self._guard(self._commands[name], message, text.strip())

    def _guard(self, handler: Callable, *arguments: Any) -> None:
        """Call a handler. A handler that fails must not end the bot."""
        try:
            handler(*arguments)
        except Exception:
            logger.exception("The handler %s failed", getattr(handler, "__name__", handler))

    def _run_daily(self) -> None:
        now = datetime.datetime.now()
        for at, weekdays_only, handler in self._days:
            name, today = handler.__name__, now.date().isoformat()
            is_due = now.time() >= at and not (weekdays_only and now.weekday() > 4)
            if is_due and self.state.content["days"].get(name) != today:
                self._guard(handler)
                with self.state.changing() as state:
                    state["days"][name] = today


def send_to_hook(address: str, text: str, tries: int = 5, **more: Any) -> None:
    """
    Post through an incoming webhook. `more` are fields such as `username`, `icon_emoji`, `attachments`.

    The message is posted once, also if a response is lost. Raise ChatError if the server refuses the message, and
    OSError if the server cannot be reached in `tries` tries.
    """
    headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
    data = json.dumps({"text": text, **more}).encode()
    request = urllib.request.Request(address, data, headers, method="POST")
    _repeat(lambda: _open(request), tries)


def _open(request: urllib.request.Request) -> Any:
    """Send a request, and return the JSON or the text of the response. Raise ChatError for an error status."""
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as refused:
        raise _read_error(refused) from None
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _read_error(refused: urllib.error.HTTPError) -> ChatError:
    text, after = refused.read().decode(errors="replace"), refused.headers.get("Retry-After", "")
    seconds = float(after) if after.isdigit() else None
    try:
        body = json.loads(text)
        return ChatError(body["code"], body["detail"], body.get("retry_after", seconds))
    except (ValueError, KeyError, TypeError):
        code = {429: "rate_limited", 503: "unavailable"}.get(refused.code, str(refused.code))
        return ChatError("unavailable" if refused.code >= 502 else code, text[:200], seconds)


def _repeat(call: Callable[[], Any], tries: int) -> Any:
    """Return `call()`. Make up to `tries` calls while they fail with a temporary refusal or reach no server."""
    for number in range(1, tries + 1):
        try:
            return call()
        except ChatError as error:
            if error.code not in TEMPORARY or number == tries:
                raise
            pause = error.retry_after
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            if number == tries:
                raise
            pause = None
        time.sleep(pause if pause is not None else min(LAST_PAUSE, FIRST_PAUSE * 2**number) * random.uniform(0.5, 1))
    raise AssertionError("unreachable")
