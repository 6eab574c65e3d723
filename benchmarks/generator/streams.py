"""
Hold the streams at `/me/` of people who show another room, and count the events about one room.

This module sends nothing.
"""

import json

from benchmarks.generator.sockets import Socket, open_socket, run_concurrently


class Stream(Socket):
    """One stream. `posts` is the newest number of messages that it knows, `events` counts the events with a number."""

    def __init__(self, on_frame):
        super().__init__(on_frame)
        self.posts = self.events = 0


class Streams:
    """All streams of a load. An event about a room is parsed once; its other receivers find it in the cache."""

    def __init__(self, crowd):
        self._crowd = crowd
        self._parsed: dict[bytes, int | None] = {}
        self.all: list[Stream] = []

    async def connect(self, numbers) -> None:
        """Open the streams of the people of these clients. Raise CannotConnect on failure."""
        await run_concurrently(lambda number=number: self._open(number) for number in numbers)

    async def _open(self, number: int) -> None:
        _, person = self._crowd.places[number]
        cookie = self._crowd.cookies[person]
        url = self._crowd.url_of(number)
        self.all.append(await open_socket(url, "/me/", cookie, lambda: Stream(self._on_frame)))

    def _on_frame(self, stream: Stream, payload: bytes) -> None:
        if payload not in self._parsed:
            event = json.loads(payload)
            # The event `workspace` differs for each stream, so it would only enlarge the cache.
            if event["type"] != "room":
                return
            self._parsed[payload] = event.get("posts")
        posts = self._parsed[payload]
        if posts is not None:
            stream.posts = max(stream.posts, posts)
            stream.events += 1

    def begin(self) -> None:
        """Reset the counts of events."""
        for stream in self.all:
            stream.events = 0

    def leave(self) -> None:
        """Close all streams."""
        for stream in self.all:
            stream.leave()
