"""The JSON API of a room's webhooks."""

import pytest

from chat.models import Hook, Member
from chat.services import rooms
from tests import wire

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def owner(room, alice, set_role):
    set_role(alice, Member.OWNER)
    return wire.browser_of(alice)


@pytest.fixture
def moderator(room, bob, set_role):
    set_role(bob, Member.MODERATOR)
    return wire.browser_of(bob)


def ask(browser, method, path="", body=None):
    return browser.generic(method, f"/api/rooms/garden/hooks/{path}", json(body), JSON)


def json(body):
    import json

    return "" if body is None else json.dumps(body)


OUTGOING = {"kind": "outgoing", "name": "Robot", "url": "https://a.example/in", "trigger": "words", "words": ["deploy"]}


def test_a_moderator_makes_an_incoming_hook_and_sees_its_address_once(moderator, client):
    made = ask(moderator, "POST", body={"kind": "incoming", "name": "CI"})
    assert made.status_code == 201 and made["Cache-Control"].startswith("max-age=0")
    address = made.json()["address"]
    assert address.startswith("http://testserver/hooks/")
    assert client.post(address, {"text": "Hello"}, content_type=JSON).content == b"ok"
    listed = ask(moderator, "GET").json()
    assert listed["may_send"] is False
    [hook] = listed["hooks"]
    assert {"kind": "incoming", "name": "CI", "enabled": True, "created_by": "Bob"}.items() <= hook.items()
    assert hook["used_at"] and "address" not in hook
    other = ask(moderator, "POST", f"{hook['id']}/key/").json()["address"]
    assert other != address
    assert ask(moderator, "PATCH", f"{hook['id']}/", {"name": "Builds", "enabled": False}).json()["enabled"] is False
    assert ask(moderator, "GET").json()["hooks"][0]["name"] == "Builds"
    assert ask(moderator, "DELETE", f"{hook['id']}/").status_code == 204
    assert ask(moderator, "DELETE", f"{hook['id']}/").status_code == 404


def test_only_an_owner_makes_and_sees_outgoing_hooks(owner, moderator):
    assert ask(moderator, "POST", body=OUTGOING).status_code == 403
    made = ask(owner, "POST", body=OUTGOING)
    assert made.status_code == 201 and len(made.json()["secret"]) > 30
    listed = ask(owner, "GET").json()
    assert listed["may_send"] and listed["hooks"][0]["words"] == ["deploy"] and "secret" not in listed["hooks"][0]
    assert ask(moderator, "GET").json()["hooks"] == []
    hook_id = listed["hooks"][0]["id"]
    for method, path in (
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "deliveries/"),
        ("POST", "deliveries/"),
        ("POST", "key/"),
    ):
        assert ask(moderator, method, f"{hook_id}/{path}", {}).status_code == 403, (method, path)
    changed = ask(owner, "PATCH", f"{hook_id}/", {"trigger": "every", "url": "http://b.example/"}).json()
    assert (changed["trigger"], changed["words"], changed["url"]) == ("every", [], "http://b.example/")
    sent = ask(owner, "POST", f"{hook_id}/deliveries/")
    assert sent.status_code == 201 and sent.json()["state"] == "waiting"
    again = ask(owner, "POST", f"{hook_id}/deliveries/{sent.json()['id']}/")
    assert again.status_code == 201
    assert [delivery["id"] for delivery in ask(owner, "GET", f"{hook_id}/deliveries/").json()["deliveries"]] == [
        again.json()["id"],
        sent.json()["id"],
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_field"),
        ({"kind": "x", "name": "CI"}, "invalid_field"),
        ({"kind": "incoming"}, "invalid_field"),
        ({"kind": "incoming", "name": ""}, "empty"),
        ({"kind": "incoming", "name": 7}, "invalid_field"),
        ({**OUTGOING, "url": None}, "invalid_field"),
        ({**OUTGOING, "trigger": "x"}, "invalid_field"),
        ({**OUTGOING, "words": []}, "invalid_field"),
        ({**OUTGOING, "words": "x"}, "invalid_field"),
        ({**OUTGOING, "words": ["x" * 51]}, "too_long"),
        ({**OUTGOING, "trigger": "command", "words": ["a b"]}, "invalid_field"),
    ],
)
def test_an_invalid_hook_is_refused(owner, body, code):
    response = ask(owner, "POST", body=body)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert not Hook.objects.exists()


def test_a_room_has_a_limited_number_of_hooks(owner, monkeypatch):
    monkeypatch.setattr("chat.services.hooks.making.MAX_HOOKS", 1)
    assert ask(owner, "POST", body={"kind": "incoming", "name": "A"}).status_code == 201
    assert ask(owner, "POST", body={"kind": "incoming", "name": "B"}).status_code == 403


def test_members_and_direct_conversations_have_no_hooks(room, bob, alice):
    rooms.join_room(bob, "garden")
    assert ask(wire.browser_of(bob), "GET").status_code == 403
    browser = wire.browser_of(bob)
    slug = browser.post("/api/directs/", {"handles": ["Alice"]}, content_type=JSON).json()["slug"]
    response = browser.post(f"/api/rooms/{slug}/hooks/", {"kind": "incoming", "name": "CI"}, content_type=JSON)
    assert response.status_code == 403 and "not available" in response.json()["detail"]
