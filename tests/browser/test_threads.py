"""A thread beside the room: replies on a desktop and on a phone, links, the browser's back button, and the keyboard."""

from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import choose, message, say
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot
from tests.live.client import Person

PASSWORD = "correct horse"


def reply(page, text):
    page.locator("#thread-composer").fill(text)
    page.keyboard.press("Enter")


def in_thread(page, text):
    return page.locator("#thread-messages").locator(".message[data-id]").filter(has_text=text)


def pin(site, slug, number):
    """Pin a message of a room as its owner."""
    imports = "from chat.models import Member; from chat.protocol import Pin; from chat.services import rooms"
    find = f"owner = Member.objects.get(room__slug='{slug}', role=Member.OWNER)"
    site.manage("shell", "-c", f"{imports}; {find}; rooms.set_pin(owner, Pin('pin-of-a-reply', {number}, True))")


@requires_axe()
def test_people_talk_in_a_thread_beside_the_room(open_workspace, owner, site):
    slug = owner.make_room()
    bob = Person(site, "Bob of the threads", PASSWORD)
    for number in range(60):
        owner.post(slug, f"Message {number}")
    bob.post(slug, "Who waters the roses?")
    alice, phone = open_workspace(owner, slug), open_workspace(bob, slug, **PHONE)
    question = message(alice, "Who waters the roses?")
    question.focus()
    alice.keyboard.press("t")
    expect(alice.locator("#thread-composer")).to_be_focused()
    expect(alice).to_have_url(f"{site.url}/rooms/{slug}/#thread-61")
    assert alice.locator("#thread-composer").bounding_box()["height"] > 20
    reply(alice, "I do, each morning")
    expect(in_thread(alice, "I do, each morning")).to_have_count(1)
    expect(alice.get_by_test_id("messages").get_by_text("I do, each morning")).to_have_count(0)
    expect(alice.get_by_role("button", name="Following")).to_be_visible()

    line = phone.locator(".thread-line")
    expect(line).to_contain_text("1 reply")
    expect(phone.locator("[data-find=threads] .badge")).to_have_text("11 thread with new replies")
    line.tap()
    expect(in_thread(phone, "I do, each morning")).to_be_visible()
    expect(phone.locator("[data-find=threads] .badge")).to_be_hidden()
    keep_screenshot(phone, "thread")
    phone.locator("#thread-composer").fill("Thank you, @")
    expect(alice.locator(".thread .typing")).to_contain_text("is typing")
    expect(alice.get_by_test_id("typing")).to_be_empty()
    reply(phone, "Thank you **very** much")
    answer = in_thread(alice, "Thank you very much")
    expect(answer).to_be_visible()
    expect(question.locator(".thread-line")).to_contain_text("2 replies")
    assert_accessible(alice, "a thread")
    # On a phone, the thread covers the notices of the room.
    phone.locator("#thread-composer").fill("/dance now")
    phone.locator(".thread .send").tap()
    expect(phone.locator(".thread .notice")).to_contain_text("There is no command /dance here.")
    expect(phone.locator("#thread-composer")).to_have_value("/dance now")
    phone.locator("#thread-composer").fill("")
    # The bars of the room, such as the one for a new version, stay above the thread.
    phone.evaluate("document.getElementById('version-bar').hidden = false")
    phone.locator("#version-bar button").first.tap(trial=True)
    phone.evaluate("document.getElementById('version-bar').hidden = true")
    phone.locator("[data-action=close-panel]").tap()
    expect(phone.get_by_test_id("side-panel")).to_be_hidden()
    expect(phone).to_have_url(f"{site.url}/rooms/{slug}/")

    # Alice can edit a reply, and react to one, as in the room.
    alice.locator("#thread-composer").press("ArrowUp")
    reply(alice, "I do, each evening")
    expect(in_thread(alice, "I do, each evening")).to_contain_text("edited")
    answer.focus()
    alice.keyboard.press("1")
    expect(answer.locator(".reactions")).to_contain_text("👍")
    expect(alice.get_by_test_id("messages").locator(".message").last).to_contain_text("Who waters the roses?")

    # Files are sent with a reply too.
    roses = {"name": "roses.txt", "mimeType": "text/plain", "buffer": b"red, white"}
    alice.locator(".thread input[type=file]").set_input_files(roses)
    expect(alice.locator(".thread .composer-files li")).to_have_count(1)
    reply(alice, "The list of all roses")
    expect(in_thread(alice, "The list of all roses")).to_contain_text("roses.txt")

    # So are polls: a command in a thread posts into the thread.
    reply(alice, '/poll "Which roses?" "Red" "White"')
    poll = in_thread(alice, "Which roses?")
    poll.locator("[data-vote]").first.click()
    expect(poll.locator(".poll")).to_contain_text("1 person voted")
    expect(alice.get_by_test_id("messages").get_by_text("Which roses?")).to_have_count(0)

    # Escape closes the thread, and the browser's back button opens it again.
    answer.focus()
    alice.keyboard.press("Escape")
    expect(alice.locator("#thread-composer")).to_be_focused()
    alice.keyboard.press("Escape")
    expect(alice.get_by_test_id("side-panel")).to_be_hidden()
    alice.go_back()
    expect(in_thread(alice, "I do, each evening")).to_be_visible()
    alice.go_back()
    expect(alice.get_by_test_id("side-panel")).to_be_hidden()

    # A room whose newest messages are replies still fills the screen. The address of a reply leads into its thread.
    for number in range(55):
        bob.post(slug, f"Reply {number}", thread=61)
    say(alice, "Something else")
    alice.reload()
    expect(message(alice, "Message 59")).to_be_visible()
    expect(question.locator(".thread-line")).to_contain_text("59 replies")
    keep_screenshot(alice, "thread-line")
    alice.goto(f"{site.url}/rooms/{slug}/#message-83")
    expect(in_thread(alice, "Reply 14")).to_be_visible()
    alice.get_by_test_id("open-threads").click()
    first = alice.locator("a.result").first
    expect(first).to_contain_text("Who waters the roses?")
    keep_screenshot(alice, "own-threads")
    first.click()
    expect(in_thread(alice, "Reply 54")).to_be_visible()

    # The field can do what the field of the room can: commands, their suggestions, and messages for later.
    field = alice.locator("#thread-composer")
    field.press_sequentially("/m")
    expect(alice.locator("#completion-thread-composer [role=option]")).to_contain_text(["/me"])
    field.press("Escape")
    reply(alice, "/me waters")
    expect(in_thread(alice, "waters").last.locator("em")).to_have_text("waters")
    reply(alice, "/dance now")
    expect(field).to_have_value("/dance now")
    field.fill("The roses are in bloom")
    alice.locator(".thread .composer").get_by_role("button", name="More for this message").click()
    keep_screenshot(alice, "thread-menu")
    alice.get_by_role("menuitem", name="Send later").click()
    expect(alice.locator("#schedule-body")).to_have_value("The roses are in bloom")
    alice.locator("[data-action=schedule]").click()
    expect(alice.locator("#scheduled-messages > li")).to_contain_text(["In a thread"])
    expect(field).to_have_value("")
    keep_screenshot(alice, "thread-later")
    alice.keyboard.press("Escape")

    # The list of pins follows a pin of a reply, and leads into the thread.
    choose(alice, "pins")
    expect(alice.locator(".results-note")).to_contain_text("Nothing is pinned here.")
    pin(site, slug, 83)
    pinned = alice.locator("a.result")
    expect(pinned).to_contain_text("Reply 14")
    expect(pinned).to_contain_text("In a thread")
    pinned.click()
    expect(in_thread(alice, "Reply 14")).to_be_in_viewport()
