"""
What the people of a site do: a workload, and the steps that it makes in a second. This module is pure.
"""

from typing import NamedTuple

from benchmarks.scaling import people

# These numbers are those of the product, and the tabs of `growth.py` use them. Most fields of Workload are assumptions.
HEARTBEAT_SECONDS = 25
FEED_SECONDS = 1  # a feed has at most one event in this time
POLL_SECONDS = 20  # a poll without an event ends after this time


class Workload(NamedTuple):
    """
    The people of a site at its busiest hour. A tab has two sockets: its room's and the person's own stream.

    `room_size` is the number of tabs that show a room, `followers` the number of own streams that follow it. A visible
    tab moves its read marker for each message. `poller_share` is the share of the tabs whose network blocks
    websockets.
    """

    sockets: int
    room_size: int = 50
    followers: int = 100
    tabs_per_person: float = 1.3
    posts_per_person_minute: float = 0.2
    visible_share: float = 0.2
    typing_per_post: float = 2
    rooms_opened_per_tab_hour: float = 6
    visits_per_tab_hour: float = 1
    history_per_tab_hour: float = 4
    searches_per_person_hour: float = 0.5
    poller_share: float = 0.01

    @property
    def tabs(self) -> float:
        return self.sockets / 2

    @property
    def people(self) -> float:
        return self.tabs / self.tabs_per_person

    @property
    def rooms(self) -> float:
        return max(1.0, self.tabs / self.room_size)


def steps_per_second(workload: Workload) -> dict[str, float]:
    """Return how often each step happens in a second."""
    tabs, posts = workload.tabs, workload.people * workload.posts_per_person_minute / 60
    pollers = tabs * workload.poller_share
    return {
        "beat_room": tabs / HEARTBEAT_SECONDS,
        "beat_stream": tabs / HEARTBEAT_SECONDS,
        "post": posts,
        "feed": min(posts, workload.rooms / FEED_SECONDS),
        "read": posts * workload.room_size * workload.visible_share,
        "typing": posts * workload.typing_per_post,
        "connect_room": tabs * workload.rooms_opened_per_tab_hour / 3600,
        "connect_stream": tabs * workload.visits_per_tab_hour / 3600,
        "page": tabs * workload.visits_per_tab_hour / 3600,
        "fetch": tabs * workload.history_per_tab_hour / 3600,
        "search": workload.people * workload.searches_per_person_hour / 3600,
        "poll": pollers * (1 / POLL_SECONDS + posts / workload.rooms),
        "index": posts,
    }


def measured_steps(level: dict) -> dict[str, float]:
    """Return how often each step happened in a second of a measured level of growth."""
    seconds, tabs, steps = level["usage"]["seconds"], level["open"] / 2, level["steps"]
    posts = steps["posts"] / seconds
    return {
        "beat_room": steps["beats"] / seconds / 2,
        "beat_stream": steps["beats"] / seconds / 2,
        "post": posts,
        "feed": min(posts, max(1.0, tabs / people.ROOM_SIZE) / FEED_SECONDS),
        "read": steps["reads"] / seconds,
        "index": posts,
    }


def measured_workload(level: dict) -> Workload:
    """Return a workload with the sockets of a measured level, and the sizes of its rooms and feeds."""
    tabs = level["open"] / 2
    size = min(people.ROOM_SIZE, tabs)
    followers = min(people.ROOM_SIZE * people.TABS_PER_PERSON, tabs)
    return Workload(level["open"], room_size=round(size), followers=round(followers))
