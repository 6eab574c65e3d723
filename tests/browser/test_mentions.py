"""Tests of mentions: the page marks the messages that mention its reader, and no others."""

from playwright.sync_api import expect

from tests.browser.actions import message, say


def test_only_whole_handles_are_marked_as_mentions(join_room):
    alice, bob = join_room("Alice"), join_room("Bob B")
    handle = bob.handle
    texts = {
        f"@{handle} look": True,
        f"(@{handle.upper()}) again": True,
        f"@{handle}0 is another person": False,
        f"`@{handle}` is code": False,
        f"mail x@{handle.split()[0]}.example": False,
        f"https://example.org/@{handle.split()[0]}": False,
    }
    for text in texts:
        say(alice, text)
    expect(bob.locator(".message[data-id]")).to_have_count(len(texts))
    for text, is_mention in texts.items():
        classes = message(bob, text.replace("`", "")).get_attribute("class")
        assert ("mentions" in classes.split()) == is_mention, text
    expect(alice.locator(".message.mentions")).to_have_count(0)


def test_an_edit_ends_a_mention(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, f"@{bob.handle}")
    expect(bob.locator(".message.mentions")).to_have_count(1)
    alice.get_by_test_id("composer").press("ArrowUp")
    say(alice, "nobody")
    expect(bob.locator(".message[data-id]")).to_contain_text("nobody")
    expect(bob.locator(".message.mentions")).to_have_count(0)
