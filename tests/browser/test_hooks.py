"""The story of two webhooks: a program posts into a room, and another program receives a command and answers it."""

import requests
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import create_room, message, say, sign_up
from tests.browser.conftest import DESKTOP
from tests.hook_receiver import Receiver

pytestmark = requires_axe()


def test_an_owner_connects_a_room_with_two_programs(browser_of, site):
    alice = browser_of("Alice", **DESKTOP)
    sign_up(alice, site, "Alice of the hooks")
    create_room(alice, "Builds")
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-hooks").click()
    dialog = alice.locator("#hooks-dialog")
    dialog.get_by_role("button", name="Let a program post here").click()
    name = dialog.get_by_label("Name")
    expect(name).to_be_focused()
    name.press("Enter")
    expect(dialog.get_by_role("alert")).to_be_visible()
    name.fill("Build server")
    assert_accessible(alice, "webhook form")
    name.press("Enter")
    address = dialog.get_by_label("The address of the webhook").input_value()
    expect(dialog.locator(".hook-example")).to_contain_text(address)
    expect(dialog.get_by_role("button", name="Copy address")).to_be_focused()
    assert_accessible(alice, "webhook key")

    payload = {"text": "*Build 7* <https://ci.example/7|failed>", "username": "Nightly", "icon_emoji": ":fire:"}
    assert requests.post(address, json=payload, timeout=20).text == "ok"
    posted = message(alice, "Build 7 failed")
    expect(posted.locator(".author")).to_have_text("Nightly")
    expect(posted.locator("[data-mark=bot]")).to_have_text("bot")
    expect(posted.locator(".avatar")).to_have_text("🔥")

    dialog.get_by_role("button", name="Done").click()
    expect(dialog.get_by_role("heading", name="Build server")).to_be_focused()
    dialog.get_by_role("button", name="All webhooks").click()
    expect(dialog.get_by_role("button", name="Build server")).to_be_focused()
    with Receiver() as receiver:
        receiver.answers = [(200, b""), (200, b'{"text": "On its way :rocket:"}')]
        dialog.get_by_role("button", name="Send messages to a program").click()
        dialog.get_by_label("Name").fill("Robot")
        dialog.get_by_label("Address").fill(receiver.url)
        dialog.get_by_label("Words or command").fill("deploy, ship")
        dialog.get_by_role("button", name="Add the webhook").click()
        dialog.get_by_role("button", name="Done").click()
        dialog.get_by_role("button", name="Send a test").click()
        expect(dialog.locator("#hook-deliveries li")).to_contain_text("Status 200")
        assert_accessible(alice, "webhook deliveries")
        dialog.get_by_role("button", name="All webhooks").click()
        expect(dialog.locator("#hooks li")).to_have_count(2)
        assert_accessible(alice, "webhooks of a room")
        dialog.get_by_role("button", name="Close").click()
        say(alice, "deploy main")
        expect(message(alice, "On its way 🚀").locator(".author")).to_have_text("Robot")
        assert [body["type"] for body in receiver.bodies] == ["test", "message"]
    posted.locator(".author").click()
    card = alice.locator("#person-card")
    expect(card).to_contain_text("Webhook, made by Alice of the hooks")
    expect(card.get_by_role("button", name="Message")).to_be_hidden()
    assert_accessible(alice, "card of a webhook")
