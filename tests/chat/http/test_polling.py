"""A room by long polling: let in, told what changed, held until something happens, heard, and let go."""

import json

import pytest
from django.conf import settings as django_settings
from django.middleware.csrf import _get_new_csrf_token

from chat import broadcast, protocol
from chat.consumers import frames
from chat.http.api.polling import MAX_FRAME_BYTES, MAX_FRAMES
from chat.models import Member, Room
from chat.services import announcements, limits, people, presence, rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/rooms/garden/poll/"


class Poller:
    """Someone who polls a room, by the cookies of a browser or by the headers of a bot."""

    def __init__(self, person=None, path=PATH, headers=(), token=True):
        self.path, self.headers = path, dict(headers)
        self.browser = wire.browser_of(person) if person is not None else None
        if self.browser is not None and token:
            key = _get_new_csrf_token()
            self.browser.cookies[django_settings.CSRF_COOKIE_NAME] = key
            self.headers["x-csrftoken"] = key
        self.poll = self.cursor = None

    def request(self, method, query="", body=b""):
        return wire.Request(method, self.path, self.browser, query, body, self.headers).run()

    def arrive(self, query=""):
        answer = self.request("GET", query)
        assert answer.status == 200, answer.body
        self.poll = answer.body["poll"]
        return self.take(answer)

    def hear(self, **parameters):
        """Polls on; returns the request, which may wait."""
        parameters = {"poll": self.poll, "cursor": self.cursor, **parameters}
        query = "&".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
        answer = self.request("GET", query)
        if answer.status == 200:
            self.take(answer)
        return answer

    def take(self, answer):
        events = answer.body["events"]
        for event in events:
            if event["type"] == "synced":
                self.cursor = event["offset"]
        return events

    def say(self, *events, query=None):
        """Says one event, or several at once; returns the answer."""
        body = json.dumps(events[0] if len(events) == 1 else list(events)).encode()
        return self.request("POST", f"poll={self.poll}" if query is None else query, body)


@pytest.fixture
def poller(room):
    return Poller


def kinds(events):
    return [event["type"] for event in events]


def post(ref, body="Hello"):
    return {"type": "post", "ref": ref, "body": body}


def members(group):
    return sorted(wire.layer().group_channels(group))


# Coming in.


def test_the_first_poll_gets_the_events_that_a_socket_gets(enter, poller, alice, bob):
    socket = enter(alice)
    socket.post("a1")
    mine = poller(bob).arrive()
    theirs = enter(bob).events
    assert kinds(mine) == kinds(theirs) == ["joined", "message", "synced"]
    assert mine[1:] == theirs[1:]
    joined = mine[0]
    assert {**joined, "present": theirs[0]["present"]} == theirs[0]
    assert {"handle": "Bob", "role": "member"} in joined["present"] and joined["count"] == 2


def test_the_room_hears_when_a_polling_client_comes_and_goes(enter, poller, alice, bob, clock):
    socket, bobs = enter(alice), poller(bob)
    clock.pass_by(2)
    bobs.arrive()
    assert socket.seen("presence")[-1]["came"] == ["Bob"]
    clock.pass_by(2)
    assert bobs.request("DELETE", f"poll={bobs.poll}").status == 204
    assert socket.seen("presence")[-1]["went"] == ["Bob"]


@pytest.mark.parametrize(
    "query, offset, is_reset",
    [("cursor=0", 2, False), ("cursor=1", 2, False), ("cursor=9", 2, True), ("cursor=x", 2, True)],
)
def test_a_first_poll_with_a_cursor_gets_the_changes_after_it_or_a_reset(poller, alice, query, offset, is_reset):
    owner = rooms.join_room(alice, "garden")
    for number in range(2):
        rooms.post_message(owner, protocol.Post(f"r{number}", "Hello"))
    joined, *changes, synced = poller(alice).arrive(query)
    assert joined.get("reset", False) is is_reset
    assert [event["offset"] for event in changes] == ([2] if query == "cursor=1" else [1, 2])
    assert synced["offset"] == offset


def test_a_bot_polls_with_its_token(room, bob):
    _, key = people.make_token(bob, "bot")
    bot = Poller(headers={"authorization": f"Bearer {key}"})
    assert bot.arrive()[0]["you"]["handle"] == "Bob"
    assert kinds(bot.say(post("b1")).body["events"]) == ["ack"]
    people.revoke_token(bob, bob.tokens.get().id)
    answer = bot.hear()
    assert (answer.status, answer.body["code"], answer.body["close"]) == (401, "not_signed_in", 4401)


def test_responses_are_not_cached_and_not_shared_with_other_sites(poller, bob):
    answer = poller(bob).request("GET")
    assert answer.headers[b"Cache-Control"] == b"no-store"
    assert answer.headers[b"Content-Type"] == b"application/json"
    assert answer.headers[b"X-Content-Type-Options"] == b"nosniff"
    assert not [name for name in answer.headers if name.lower().startswith(b"access-control")]


# Refusals.


def ban(person):
    rooms.apply_role(rooms.join_room(person, "garden"), Member.BANNED)


def close_room(room):
    Room.objects.filter(id=room.id).update(access=Room.PRIVATE)


REFUSED = {
    "banned": (403, "forbidden", 4403),
    "private": (404, "not_found", 4404),
    "unknown": (404, "not_found", 4404),
    "slug": (404, "not_found", 4404),
    "stranger": (401, "not_signed_in", 4401),
}


@pytest.mark.parametrize("method", ["GET", "GET later", "POST", "DELETE"])
@pytest.mark.parametrize("why", REFUSED)
def test_a_refusal_has_the_code_that_closes_a_socket(room, bob, why, method):
    slugs = {"unknown": "forest", "slug": "No%20slug"}
    path = PATH.replace("garden", slugs.get(why, "garden"))
    poller = Poller(None if why == "stranger" else bob, path)
    if why == "stranger":
        poller.browser = wire.browser_of(bob)
        poller.browser.cookies.clear()
        key = _get_new_csrf_token()
        poller.browser.cookies["csrftoken"] = poller.headers["x-csrftoken"] = key
        poller.headers["x-csrftoken"] = key
    if why == "banned":
        ban(bob)
    if why == "private":
        close_room(room)
    poller.poll = "abc"
    answer = {
        "GET": lambda: poller.request("GET"),
        "GET later": lambda: poller.hear(cursor=0),
        "POST": lambda: poller.say(post("b1")),
        "DELETE": lambda: poller.request("DELETE", "poll=abc"),
    }[method]()
    assert (answer.status, answer.body["code"], answer.body["close"]) == REFUSED[why]
    assert answer.body["detail"] and answer.later is None
    assert room.messages.count() == 0


def test_an_invalid_token_is_not_replaced_by_a_cookie(room, bob):
    poller = Poller(bob, headers={"authorization": "Bearer nonsense"})
    answer = poller.request("GET")
    assert (answer.status, answer.body["code"], answer.body["close"]) == (401, "not_signed_in", 4401)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_request_without_a_csrf_token_is_refused(room, bob, method):
    poller = Poller(bob, token=False)
    answer = poller.request(method, "poll=abc", json.dumps(post("b1")).encode())
    assert (answer.status, answer.body["code"]) == (403, "csrf_failed")
    assert room.messages.count() == 0


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_are_refused_and_admit_nobody(poller, bob, method):
    answer = poller(bob).request(method)
    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")
    assert presence.count_present([Room.objects.get().id]) == [0]


@pytest.mark.parametrize("query", ["poll=", "poll=a%20b", f"poll={'a' * 65}"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_invalid_poll_id_is_refused(poller, bob, method, query):
    answer = poller(bob).request(method, query, b"{}")
    assert (answer.status, answer.body["code"]) == (400, "invalid_field")


@pytest.mark.parametrize("wait", ["x", "-1", "1.5", ""])
def test_an_invalid_wait_is_refused(poller, bob, wait):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.hear(wait=wait)
    assert (answer.status, answer.body["code"]) == (400, "invalid_field")


def test_polls_and_sockets_of_a_person_are_counted_together(enter, poller, alice, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 2
    enter(bob)
    first, second = poller(bob), poller(bob)
    first.arrive()
    refused = second.request("GET")
    assert (refused.status, refused.body["code"]) == (429, "rate_limited")
    assert refused.body["retry_after"] > 0 and b"Retry-After" in refused.headers
    # Nor by an invented name, without having been let in; and who is in stays in.
    second.poll = "invented"
    assert second.hear(cursor=0).status == 429
    assert first.hear().later is not None
    assert first.request("DELETE", f"poll={first.poll}").status == 204
    second.arrive()


def test_polls_over_the_rate_limit_are_refused_with_retry_after(poller, bob, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (2, 0.5)}
    bobs = poller(bob)
    bobs.arrive()
    bobs.hear(wait=0)
    answer = bobs.hear(wait=0)
    assert (answer.status, answer.body["code"]) == (429, "rate_limited")
    assert 0 < answer.body["retry_after"] <= 2 and "close" not in answer.body


def test_a_flood_of_polls_gets_close_4429(poller, bob, settings):
    settings.CHAT_LIMITS, settings.CHAT_FLOOD_REFUSALS = {**settings.CHAT_LIMITS, "events": (2, 0.01)}, 3
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.say(*[{"type": "typing", "on": True}] * 9)
    assert answer.body["close"] == 4429 and kinds(answer.body["events"]) == ["rejected"] * 3
    answer = bobs.hear()
    assert (answer.status, answer.body["code"], answer.body["close"]) == (429, "rate_limited", 4429)


def test_first_polls_count_against_the_limit_of_handshakes(poller, bob, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "handshakes": (1, 0.01)}
    bobs = poller(bob)
    bobs.arrive()
    assert bobs.hear().later is not None
    assert poller(bob).request("GET").status == 429


# Hearing.


def test_changes_after_the_cursor_are_answered_at_once(enter, poller, alice, bob):
    bobs, socket = poller(bob), enter(alice)
    bobs.arrive()
    socket.post("a1")
    socket.post("a2")
    answer = bobs.hear()
    assert kinds(answer.body["events"]) == ["message", "message", "synced"] and bobs.cursor == 2
    assert answer.body["events"][:2] == socket.seen("message")
    assert bobs.hear().later is not None


@pytest.mark.parametrize("cursor", ["7", "x", "", "-1", "9" * 17, None])
def test_an_impossible_cursor_resets_the_client(enter, poller, alice, bob, cursor):
    bobs = poller(bob)
    bobs.arrive()
    enter(alice).post("a1")
    events = bobs.hear(cursor=cursor).body["events"]
    assert kinds(events) == ["message", "synced"]
    assert events[-1] == {"type": "synced", "offset": 1, "more": False, "reset": True}


def test_without_changes_the_request_waits_in_the_groups_of_a_connection(enter, poller, alice, bob):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.hear()
    assert answer.status is None and answer.later["status"] == 200
    assert answer.later["seconds"] == django_settings.CHAT_POLL_SECONDS
    assert json.loads(answer.later["content"]) == {"events": [{"type": "synced", "offset": 0, "more": False}]}
    assert [b"Cache-Control", b"no-store"] in [list(header) for header in answer.later["headers"]]
    groups = answer.later["context"]["groups"]
    assert all(answer.channel in members(group) for group in groups) and len(groups) == 3
    enter(alice).post("a1")
    (said,) = [content for content in answer.read() if '"message"' in content["text"]]
    before, after = answer.later["text"]
    (event,) = json.loads(before + said["text"].encode() + after)["events"]
    assert (event["type"], event["ref"]) == ("message", "a1")


def test_the_interface_does_not_get_the_key_of_the_login_session(poller, bob):
    bobs = poller(bob)
    bobs.arrive()
    key = bobs.browser.cookies["sessionid"].value
    assert key not in repr(bobs.hear().later)


def test_a_change_while_the_request_begins_to_wait_is_answered_at_once(poller, alice, bob, monkeypatch):
    bobs, owner = poller(bob), rooms.join_room(alice, "garden")
    bobs.arrive()
    subscribe = broadcast.subscribe

    def store_before(channel, groups):
        rooms.post_message(owner, protocol.Post("a1", "Just before"))
        return subscribe(channel, groups)

    monkeypatch.setattr(broadcast, "subscribe", store_before)
    answer = bobs.hear()
    assert kinds(answer.body["events"]) == ["message", "synced"] and answer.later is None
    assert members(broadcast.room_group(owner.room_id)) == []


@pytest.mark.parametrize("code", [4401, 4403, 4404])
def test_a_client_that_loses_its_right_while_it_begins_to_wait_is_closed(poller, room, bob, monkeypatch, code):
    bobs = poller(bob)
    bobs.arrive()
    subscribe = broadcast.subscribe

    def lose_before(channel, groups):
        {4401: bobs.browser.logout, 4403: lambda: ban(bob), 4404: room.delete}[code]()
        return subscribe(channel, groups)

    monkeypatch.setattr(broadcast, "subscribe", lose_before)
    answer = bobs.hear()
    assert answer.body == {"events": [], "close": code} and answer.later is None
    assert members(broadcast.room_group(room.id)) == []


def test_a_failure_while_it_begins_to_wait_leaves_it_in_no_group(poller, room, bob, monkeypatch):
    bobs = poller(bob)
    bobs.arrive()
    monkeypatch.setattr(rooms, "find_member", lambda *arguments: 1 / 0)
    answer = bobs.hear()
    assert (answer.status, answer.body["code"]) == (500, "internal")
    assert members(broadcast.room_group(room.id)) == []


def test_a_poll_with_wait_0_is_answered_at_once(poller, bob):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.hear(wait=0)
    assert answer.body == {"events": [{"type": "synced", "offset": 0, "more": False}]}
    assert bobs.hear(wait=3).later["seconds"] == 3
    assert bobs.hear(wait=3600).later["seconds"] == django_settings.CHAT_POLL_SECONDS


def test_a_ban_and_a_logout_close_a_waiting_request(poller, bob):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.hear()
    ban(bob)
    assert {"close": 4403} in answer.read()
    before, after = answer.later["close"]
    assert json.loads(before + b"4403" + after) == {"events": [], "close": 4403}
    Member.objects.filter(person=bob).update(role=Member.MEMBER)
    answer = bobs.hear()
    bobs.browser.post("/sign-out/")
    assert {"close": 4401} in answer.read()


def test_a_client_that_knows_another_number_gets_the_presence(enter, poller, alice, bob, charlie):
    bobs = poller(bob)
    bobs.arrive()
    assert bobs.hear(present=1).later is not None
    enter(alice)
    (event,) = bobs.hear(present=1).body["events"]
    assert event["type"] == "presence" and event["count"] == 2
    assert sorted(one["handle"] for one in event["present"]) == ["Alice", "Bob"]
    assert bobs.hear(present=2).later is not None


def test_a_crowd_does_not_end_the_wait(enter, poller, alice, bob, monkeypatch):
    bobs = poller(bob)
    bobs.arrive()
    assert bobs.hear(present=protocol.MAX_PRESENT + 1).later is not None
    monkeypatch.setattr(presence, "count_present", lambda ids: [protocol.MAX_PRESENT + 1])
    assert bobs.hear(present=3).later is not None


# Staying and going.


def test_a_client_stays_present_by_polling(poller, room, bob, clock, later):
    bobs = poller(bob)
    bobs.arrive()
    for _ in range(3):
        clock.pass_by(70)
        bobs.hear(wait=0)
        assert presence.count_present([room.id]) == [1]
    clock.pass_by(76)
    assert presence.count_present([room.id]) == [0]
    bobs.hear(wait=0)
    assert presence.count_present([room.id]) == [1]


def test_an_answered_request_leaves_its_groups_and_its_client_stays(poller, room, bob):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.hear()
    answer.end(answered=True)
    assert not [group for group in answer.later["context"]["groups"] if members(group)]
    assert presence.count_present([room.id]) == [1]


def test_a_client_that_aborts_a_waiting_request_is_released_at_once(poller, room, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.hear()
    answer.end(answered=False)
    assert not [group for group in answer.later["context"]["groups"] if members(group)]
    assert presence.count_present([room.id]) == [0]
    poller(bob).arrive()


def test_a_request_that_is_aborted_before_its_view_runs_changes_nothing(poller, room, bob):
    answer = poller(bob).request("GET")
    answer.end(answered=False)
    assert presence.count_present([room.id]) == [1]


# Saying.


def test_frames_are_answered_as_on_a_socket(enter, poller, alice, bob):
    bobs, socket = poller(bob), enter(alice)
    bobs.arrive()
    said = [
        post("r1", "one"),
        {"type": "edit", "ref": "r2", "id": 1, "body": "two"},
        {"type": "react", "ref": "r3", "id": 1, "emoji": "👍", "on": True},
        {"type": "fetch", "ref": "r4", "limit": 5},
        {"type": "sync", "cursor": 0},
        post("r1", "other"),
        {"type": "nonsense"},
        7,
        {"type": "post", "ref": "r5"},
        {"type": "typing", "on": True},
        {"type": "remove", "ref": "r6", "id": 1},
    ]
    events = bobs.say(*said).body["events"]
    assert kinds(events) == ["ack", "ack", "ack", "page", "message", "synced", *["rejected"] * 4, "ack"]
    assert [event.get("ref") for event in events[:4]] == ["r1", "r2", "r3", "r4"]
    assert [event["code"] for event in events if event["type"] == "rejected"] == [
        "ref_conflict",
        "unknown_type",
        "not_an_object",
        "missing_field",
    ]
    assert [event["body"] for event in socket.seen("message")] == ["one", "two", "two", ""]
    assert socket.seen("typing") == [{"type": "typing", "handle": "Bob", "on": True}]


def test_one_frame_needs_no_list_and_the_same_ref_gets_the_same_ack(poller, room, bob):
    bobs = poller(bob)
    bobs.arrive()
    first, again = bobs.say(post("r1")).body, bobs.say(post("r1")).body
    assert first == again == {"events": [{"type": "ack", "ref": "r1", "id": 1, "offset": 1}]}
    assert room.messages.count() == 1


def test_a_sync_renews_what_a_socket_renews(poller, room, bob, clock):
    bobs = poller(bob)
    bobs.arrive()
    clock.pass_by(70)
    bobs.say({"type": "sync", "cursor": 0})
    clock.pass_by(70)
    assert presence.count_present([room.id]) == [1]
    assert members(broadcast.room_group(room.id)) == []


@pytest.mark.parametrize(
    "body, code",
    [
        (b"[", "invalid_json"),
        (b"[{}", "invalid_json"),
        (b"[{} {}]", "invalid_json"),
        (b"[{},]", "invalid_json"),
        (b"[{}] []", "invalid_json"),
        (b"[NaN]", "invalid_json"),
        (b'[{"a": 1, "a": 2}]', "invalid_json"),
        (b"\xff", "invalid_json"),
        (b"[" * 100000, "invalid_json"),
    ],
)
def test_an_invalid_list_is_refused_as_a_whole(poller, room, bob, body, code):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.request("POST", f"poll={bobs.poll}", body)
    assert (answer.status, answer.body["code"]) == (400, code)


def test_an_invalid_frame_is_rejected_as_on_a_socket(enter, poller, bob):
    bobs, socket = poller(bob), enter(bob)
    bobs.arrive()
    for text in ("nonsense", "NaN", '{"type": 1}', "7", " {} ", " "):
        answer = bobs.request("POST", f"poll={bobs.poll}", text.encode())
        assert kinds(answer.body["events"]) == ["rejected"]
        assert answer.body["events"] == socket.send(text)


def test_no_frames_get_no_answers(poller, bob):
    bobs = poller(bob)
    bobs.arrive()
    assert bobs.request("POST", f"poll={bobs.poll}", b" [ ] ").body == {"events": []}


def test_a_frame_that_is_too_large_is_refused_as_a_socket_closes_for_it(poller, room, bob):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.say(post("r1"), post("r2", "x" * MAX_FRAME_BYTES))
    assert (answer.status, answer.body["code"], answer.body["close"]) == (413, "too_large", 1009)
    assert room.messages.count() == 0


def test_too_many_frames_are_refused_together(poller, room, bob):
    bobs = poller(bob)
    bobs.arrive()
    answer = bobs.say(*[{"type": "typing", "on": False}] * (MAX_FRAMES + 1))
    assert (answer.status, answer.body["code"]) == (400, "too_long")


def test_frames_after_a_close_are_not_handled(poller, room, bob, monkeypatch):
    bobs = poller(bob)
    bobs.arrive()
    verdicts = iter([None, protocol.CloseConnection(4429), None])

    def check_frame(*arguments):
        if verdict := next(verdicts):
            raise verdict

    monkeypatch.setattr(limits, "check_frame", check_frame)
    answer = bobs.say(post("r1"), post("r2"), post("r3"))
    assert answer.body == {"close": 4429, "events": [{"type": "ack", "ref": "r1", "id": 1, "offset": 1}]}
    assert room.messages.count() == 1


def test_a_ban_in_the_middle_holds_from_the_next_frame_on(poller, room, bob, monkeypatch):
    bobs = poller(bob)
    bobs.arrive()
    typing = frames.HANDLERS["typing"]

    def be_banned(*arguments):
        ban(bob)
        typing(*arguments)

    monkeypatch.setitem(frames.HANDLERS, "typing", be_banned)
    answer = bobs.say(post("r1"), {"type": "typing", "on": True}, post("r2"))
    assert (answer.status, answer.body["close"], kinds(answer.body["events"])) == (200, 4403, ["ack"])
    assert room.messages.count() == 1


def test_a_post_by_polling_reaches_waiting_requests(poller, alice, bob):
    alices, bobs = poller(alice), poller(bob)
    alices.arrive()
    bobs.arrive()
    waiting = alices.hear()
    bobs.say(post("b1"))
    said = [json.loads(content["text"]) for content in waiting.read()]
    assert [event["ref"] for event in said if event["type"] == "message"] == ["b1"]


def test_announcements_between_two_polls_arrive_at_the_next(poller, bob, room):
    visitor = poller(bob)
    visitor.arrive()
    announcements.announce("Closing at eight")
    announcements.whisper("Bob", "You first")
    heard = visitor.hear().body["events"]
    assert [event["text"] for event in heard] == ["Closing at eight", "You first"]
    assert visitor.hear(wait=0).body["events"] == [protocol.synced(0, False)]


def test_a_poll_runs_six_statements(poller, bob, django_assert_num_queries):
    bobs = poller(bob)
    bobs.arrive()
    # The login session, its person, the room, the member; and once it listens, all of that again in one.
    with django_assert_num_queries(6):
        assert bobs.hear().later is not None
