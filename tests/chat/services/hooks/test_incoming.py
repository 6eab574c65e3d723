"""Other programs post through the address of an incoming webhook, with the limits and rights of a member."""

import json

import pytest
from django.test import Client

from chat.models import AuditEntry, Hook, Member, Mention, Message, MessageSender, Person, Room
from chat.protocol import Remove
from chat.services import hooks, people, rooms
from tests import wire
from tests.chat.helpers import assert_refused
from tests.chat.services.tasks.helpers import run

pytestmark = pytest.mark.django_db


def send(key, content=None, client=None, type="application/json", **headers):
    """Send a payload as a tool does, without cookies and without a CSRF token. Return the response."""
    client = client or Client(enforce_csrf_checks=True)
    body = json.dumps(content) if isinstance(content, dict) else content
    return client.generic("POST", f"/hooks/{key}/", body or "", type, **headers)


def words(response):
    return response.status_code, response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_text_is_posted_by_the_bot_of_the_hook(incoming, owner):
    hook, key = incoming
    socket = wire.Socket("/chat/garden/", wire.browser_of(owner)).connect()
    assert words(send(key, {"text": "*Done*: <https://ci.example|build 7>"})) == (200, "ok")
    [event] = socket.seen("message")
    assert event["author"] == {"handle": "CI", "bot": True}
    assert event["body"] == "**Done**: [build 7](https://ci.example)"
    assert Hook.objects.get().used_at is not None


def test_a_message_may_have_another_name_and_an_emoji(incoming, owner):
    hook, key = incoming
    send(key, {"text": "one", "username": "Deploy", "icon_emoji": ":rocket:"})
    send(key, {"text": "two"})
    messages, _ = rooms.get_page(hook.room, None, 10)
    assert [message["author"] for message in messages] == [
        {"handle": "CI", "bot": True, "name": "Deploy", "icon": "🚀"},
        {"handle": "CI", "bot": True},
    ]
    # The name of the author stays with a removed message, like every author.
    rooms.remove_message(rooms.join_room(owner, "garden"), Remove("r1", 1))
    messages, _ = rooms.get_page(hook.room, None, 10)
    assert messages[0]["removed"] and messages[0]["author"]["name"] == "Deploy"
    rooms.delete_additions(hook.room_id, dict(Message.objects.values_list("number", "additions")))
    assert not MessageSender.objects.exists()


@pytest.mark.parametrize(
    ("type", "body"),
    [
        ("application/json", '{"text": "Hello"}'),
        ("text/plain", '{"text": "Hello"}'),
        ("application/x-www-form-urlencoded", '{"text": "Hello"}'),
        ("application/x-www-form-urlencoded", "payload=%7B%22text%22%3A%20%22Hello%22%7D"),
        ("application/x-www-form-urlencoded", "text=Hello&username=CI"),
        (
            "multipart/form-data; boundary=b",
            '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nHello\r\n--b--\r\n',
        ),
    ],
)
def test_json_and_forms_are_read(incoming, type, body):
    assert words(send(incoming[1], body, type=type)) == (200, "ok")
    assert Message.objects.get().body == "Hello"


@pytest.mark.parametrize("path", ["/hooks/{}", "/hooks/{}/"])
def test_the_slash_at_the_end_does_not_matter(incoming, path):
    response = Client().post(path.format(incoming[1]), {"text": "Hello"}, content_type="application/json")
    assert words(response) == (200, "ok")


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("{", (400, "invalid_payload")),
        ("[]", (400, "invalid_payload")),
        ("", (400, "invalid_payload")),
        ('"text"', (400, "invalid_payload")),
        ({}, (400, "no_text")),
        ({"text": " "}, (400, "no_text")),
        ({"text": "\u200b", "attachments": [{"text": "\U000e0001"}]}, (400, "no_text")),
    ],
)
def test_a_body_without_a_message_is_refused_in_the_words_of_slack(incoming, content, answer):
    assert words(send(incoming[1], content)) == answer
    assert not Message.objects.exists()


def test_an_unknown_disabled_or_deleted_hook_is_answered_with_no_service(incoming, owner, make_outgoing):
    hook, key = incoming
    for wrong in ("x", "%00", key[:-1], make_outgoing()[1]):
        assert words(send(wrong, {"text": "a"})) == (404, "no_service")
    hooks.change_hook(owner, "garden", hook.id, hooks.HookFields(enabled=False))
    assert words(send(key, {"text": "a"})) == (404, "no_service")
    hooks.change_hook(owner, "garden", hook.id, hooks.HookFields(enabled=True))
    assert words(send(key, {"text": "a"})) == (200, "ok")
    _, other = hooks.renew_key(owner, "garden", hook.id)
    assert words(send(key, {"text": "a"})) == (404, "no_service")
    assert words(send(other, {"text": "a"})) == (200, "ok")
    hooks.delete_hook(owner, "garden", hook.id)
    assert words(send(other, {"text": "a"})) == (404, "no_service")
    response = Client().get(f"/hooks/{key}/")
    assert response.status_code == 405 and response["Allow"] == "POST"


def test_wrong_keys_are_limited_for_each_address(incoming, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "sign_ins": (3, 0.001)}
    answers = [send("wrong", {"text": "a"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert words(answers[-1]) == (429, "rate_limited") and int(answers[-1]["Retry-After"]) > 1
    assert words(send(incoming[1], {"text": "a"})) == (200, "ok")


def test_a_hook_has_the_limits_of_a_person(incoming, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (2, 0.1)}
    settings.CHAT_FLOOD_REFUSALS = 1
    answers = [send(incoming[1], {"text": "a"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert all(int(answer["Retry-After"]) >= 1 for answer in answers[2:])
    assert Message.objects.count() == 2


def test_large_payloads_are_limited_by_their_markup_before_they_are_read(incoming, settings, monkeypatch):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "markup": (50_000, 0.001)}
    large = {"attachments": [{"text": "<!x>`a" * 1000}] * 20}
    assert words(send(incoming[1], large)) == (200, "ok")
    with monkeypatch.context() as patched:
        patched.setattr("chat.services.hooks.read_payload", None)
        assert words(send(incoming[1], large)) == (429, "rate_limited")
    assert words(send(incoming[1], {"text": "a"})) == (200, "ok")


@pytest.mark.parametrize("role", [Member.MUTED, Member.BANNED])
def test_a_muted_or_banned_hook_may_not_post(incoming, set_role, role):
    hook, key = incoming
    set_role(hook.person, role)
    assert words(send(key, {"text": "a"})) == (403, "action_prohibited")
    assert not Message.objects.exists()


def test_an_archived_room_refuses_hooks(incoming, owner):
    rooms.set_archived(owner, "garden", True)
    assert words(send(incoming[1], {"text": "a"})) == (403, "channel_is_archived")


@pytest.mark.parametrize(
    "header", ["HTTP_IDEMPOTENCY_KEY", "HTTP_X_GITHUB_DELIVERY", "HTTP_X_GITLAB_EVENT_UUID", "HTTP_WEBHOOK_ID"]
)
def test_a_repeated_delivery_posts_once(incoming, header):
    key = incoming[1]
    for _ in range(2):
        assert words(send(key, {"text": "a"}, **{header: "7 ä"})) == (200, "ok")
    # The sender has changed the text between its tries, for example because it contains a time.
    assert words(send(key, {"text": "b"}, **{header: "7 ä"})) == (200, "ok")
    assert Message.objects.count() == 1
    assert words(send(key, {"text": "a"}, **{header: "8"})) == (200, "ok")
    assert words(send(key, {"text": "a"})) == (200, "ok") and words(send(key, {"text": "a"})) == (200, "ok")
    assert Message.objects.count() == 4


@pytest.mark.parametrize(("callers", "audience"), [(None, None), (Room.EVERYONE, "all"), (Room.NOBODY, None)])
def test_a_hook_calls_everybody_only_if_the_room_lets_everyone_do_so(incoming, callers, audience):
    Room.objects.update(callers=callers)
    send(incoming[1], {"text": "<!channel> down"})
    assert Message.objects.get().audience == audience


def test_a_hook_mentions_people(incoming, bob):
    rooms.join_room(bob, "garden")
    send(incoming[1], {"text": "@Bob broke it"})
    assert Mention.objects.get().person == bob


def test_a_private_room_has_hooks_too(owner):
    rooms.create_room(owner, "vault", "Vault", is_private=True)
    hook, key = hooks.make_hook(owner, "vault", "incoming", hooks.HookFields(name="CI"))
    assert words(send(key, {"text": "a"})) == (200, "ok")
    rooms.change_address(owner, "vault")
    assert words(send(key, {"text": "a"})) == (200, "ok")


def test_the_names_of_bots_are_handles_that_nobody_else_has(incoming, owner, bob, settings):
    settings.CHAT_RESERVED_HANDLES = ["admin"]
    make = lambda name: hooks.make_hook(owner, "garden", "incoming", hooks.HookFields(name=name))[0]  # noqa: E731
    assert [make(name).person.handle for name in ("CI", "Bob", "x" * 32)] == ["CI 2", "Bob 2", "x" * 32]
    assert make("x" * 32).person.handle == "x" * 30 + " 2"
    assert_refused("taken", make, "Admin")
    assert_refused("taken", people.sign_up, "ci", "correct horse")
    hook = hooks.change_hook(owner, "garden", incoming[0].id, hooks.HookFields(name="Builds"))
    assert hook.person.handle == "Builds" == Person.objects.get(hook=hook).handle


def test_a_deleted_hook_leaves_its_messages_and_its_name_can_return(incoming, owner, set_role):
    hook, key = incoming
    send(key, {"text": "a"})
    hooks.delete_hook(owner, "garden", hook.id)
    bot = Person.objects.get(handle="CI")
    assert not bot.is_active and Message.objects.get().author == bot
    assert_refused("taken", people.sign_up, "CI", "correct horse")
    set_role(bot, Member.MUTED)
    again, key = hooks.make_hook(owner, "garden", "incoming", hooks.HookFields(name="ci"))
    assert again.person == bot and words(send(key, {"text": "a"})) == (403, "action_prohibited")


def test_making_and_deleting_hooks_is_in_the_audit_log(incoming, owner):
    hooks.delete_hook(owner, "garden", incoming[0].id)
    entries = AuditEntry.objects.order_by("id").values_list("act", "actor__handle", "person__handle", "after")
    assert list(entries)[-2:] == [("hook", "Alice", "CI", "incoming"), ("unhook", "Alice", "CI", "incoming")]


def test_the_handles_of_bots_become_free_with_their_room(incoming, owner):
    rooms.delete_own_room(owner, "garden")
    assert not Hook.objects.exists()
    assert people.sweep_bots() == 1 and people.sweep_bots() == 0
    assert people.sign_up("CI", "correct horse").handle == "CI"


def test_nobody_signs_in_as_a_bot_or_writes_to_one(incoming, owner, owner_browser):
    bot = incoming[0].person
    bot.set_password("correct horse")
    bot.save()
    assert people.find_person("CI", "correct horse") is None
    response = owner_browser.post("/api/directs/", {"handles": ["CI"]}, content_type="application/json")
    assert response.status_code == 403
    assert [person["handle"] for person in people.search_people(owner, "C")] == []
    assert people.find_profiles(["CI"])[0]["bot"] is True
    people_here, _ = people.find_room_people(owner, "garden")
    assert "CI" not in [person["handle"] for person in people_here]
    [card], _ = people.find_room_people(owner, "garden", handles=["CI"])
    assert card["bot"] and card["hook"] == {"kind": "incoming", "created_by": "Alice"}


def test_an_export_has_the_name_under_which_a_hook_posted(incoming, owner):
    send(incoming[1], {"text": "one", "username": "Deploy"})
    [message] = json.loads(run(owner, "export", format="json"))["messages"]
    assert message["author"] == {"handle": "CI", "bot": True, "name": "Deploy"}
