"""
The pictures of docs/guide.md, docs/owner-guide.md and the README: one story of a team, told in the real browser.

The test writes the pictures to test-results/guide/, with few colours so that they are small. To update the guides, run
it on a machine with a font for emoji (Debian: fonts-noto-color-emoji), look at the pictures, and copy them to
docs/pictures/.
"""

import json

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.actions import message
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import RESULTS
from tests.live.client import Person

PICTURES = RESULTS / "guide"
COMMITTED = RESULTS.parent / "docs" / "pictures"
# tests/browser/test_operations.py keeps the screenshot of this picture.
OTHERS = {"operations.png"}
COLOURS = 128
MAX_BYTES = 60_000
GAP_PX = 24
PASSWORD = "correct horse"
# The bar that offers notifications is not part of the story: each person has closed it before.
CLOSE_OFFER = 'localStorage.setItem("chat.page.notifications-answered", "1")'

PEOPLE = {
    "mara": {"name": "Mara Lindqvist", "status": "In the office", "emoji": "☕", "time_zone": "Europe/Stockholm"},
    "jonas": {"name": "Jonas Weber", "status": "Working from home", "emoji": "🏠", "time_zone": "Europe/Berlin"},
    "aiko": {"name": "Aiko Tanaka", "status": "", "emoji": "", "time_zone": "Asia/Tokyo"},
    "samir": {"name": "Samir Haddad", "status": "", "emoji": "", "time_zone": "Europe/Paris"},
    "priya": {"name": "Priya Nair", "status": "", "emoji": "", "time_zone": "Asia/Kolkata"},
}
ROOMS = [
    {"slug": "launch", "name": "Launch", "topic": "Version 2 goes out on Thursday"},
    {"slug": "design", "name": "Design", "topic": "Screens, icons and words"},
    {"slug": "kitchen", "name": "Kitchen", "topic": "Lunch, cake and everything else"},
    {"slug": "help-desk", "name": "Help desk", "topic": "Questions of our customers. Guests are welcome"},
    {"slug": "hiring", "name": "Hiring", "topic": "", "private": True},
]
PLAN = "What is left before **Thursday**:\n\n- [x] Translations\n- [x] Release notes\n- [ ] Load test\n- [ ] Newsletter"
FIX = (
    "The load test found one slow query. This is the fix:\n```python\ndef newest(rooms, limit=20):\n"
    "    # One query for all rooms, not one for each.\n    messages = Message.objects.filter(room__in=rooms)\n"
    '    return messages.order_by("-id")[:limit]\n```'
)
QUESTION = "@mara, can you read the newsletter once more? I would like to send it today."
ADVERTISEMENT = "Win money while you sleep! https://casino.example"
# (room, author, text, minutes before now)
STORY = [
    ("launch", "priya", PLAN, 95),
    ("launch", "samir", FIX, 41),
    ("launch", "aiko", "Twice as fast here. I start the load test again.", 37),
    ("launch", "mara", "Wonderful, thank you both.", 35),
    ("launch", "jonas", "The newsletter is ready, in three languages: https://example.org/newsletter", 12),
    ("launch", "jonas", QUESTION, 11),
    ("design", "aiko", "The new icons are in the folder.", 50),
    ("design", "priya", "I like them! @mara, which blue do we take?", 20),
    ("kitchen", "samir", "There is cake in the kitchen 🎂", 30),
    ("kitchen", "priya", "There was cake in the kitchen.", 8),
    ("help-desk", "Kim", "How do I change my password?", 70),
    ("help-desk", "samir", "Open the menu with your name, and choose **Settings**.", 66),
    ("help-desk", "Lucky 777", ADVERTISEMENT, 15),
]


@pytest.fixture
def team(site):
    """Return {handle: Person} of the team and of two guests."""
    team = {handle: Person(site, handle, PASSWORD) for handle in PEOPLE}
    for handle, profile in PEOPLE.items():
        team[handle].call("PATCH", "/api/profile/", expected=200, **profile)
    return team | {handle: Person(site, handle) for handle in ("Kim", "Lucky 777")}


@pytest.fixture
def rooms(site, team):
    """Create the rooms of the team with their messages. Return {room: slug}; a private room has a random address."""
    slugs = {}
    for room in ROOMS:
        slugs[room["slug"]] = team["mara"].call("POST", "/api/rooms/", expected=201, **room).json()["slug"]
    for slug in ("launch", "design", "kitchen", "help-desk"):
        for handle in PEOPLE:
            team[handle].call("PUT", f"/api/rooms/{slug}/membership/", level="all")
    team["mara"].call("PUT", "/api/rooms/launch/membership/", expected=200, favourite=True)
    for slug, author, text, _ in STORY:
        team[author].post(slug, text)
    set_times(site, {text: minutes for _, _, text, minutes in STORY})
    read = next(id for id, found in team["mara"].history("launch").items() if found["author"]["handle"] == "mara")
    team["mara"].call("POST", "/api/rooms/launch/read/", offset=read, expected=200)
    return slugs


def set_times(site, minutes_by_text):
    """Move messages into the past, as if the team had talked all morning. No page is open yet."""
    code = (
        "import json; from datetime import timedelta; from django.utils import timezone\n"
        "from chat.models import Message\n"
        f"for text, minutes in json.loads({json.dumps(json.dumps(minutes_by_text))}).items():\n"
        "    at = timezone.now() - timedelta(minutes=minutes)\n"
        "    Message.objects.filter(body=text).update(created_at=at)"
    )
    site.manage("shell", "-c", code)
    # This site has no monitor that indexes new messages, so the command does it.
    site.manage("index_messages")


@pytest.fixture
def open_as(open_workspace, team):
    """Return a function that opens a room for a person of the team: `open_as("mara", slug)`."""

    def open(handle, slug, **options):
        return open_workspace(team[handle], slug, script=CLOSE_OFFER, color_scheme="light", **options)

    return open


def take(page):
    """Return a picture of the page, without a blinking cursor and without the mouse over anything."""
    page.mouse.move(640, 20)
    page.wait_for_timeout(400)
    page.screenshot(path=PICTURES / "raw.png", animations="disabled", caret="hide")
    return Image.open(PICTURES / "raw.png").convert("RGB")


def save(name, *images):
    """Write images side by side as one picture with few colours, and check its size."""
    width = sum(image.width for image in images) + GAP_PX * (len(images) - 1)
    sheet = Image.new("RGB", (width, max(image.height for image in images)), "white")
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + GAP_PX
    path = PICTURES / f"{name}.png"
    # This method keeps the colours of few pixels, such as emoji.
    sheet.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < MAX_BYTES, f"{name}: {path.stat().st_size} bytes"


def react(page, text, *numbers):
    """React to a message with the emoji that these number keys stand for."""
    message(page, text).first.focus()
    for number in numbers:
        page.keyboard.press(str(number))


def scroll_to_the_end(page):
    page.get_by_test_id("scroller").evaluate("element => { element.scrollTop = element.scrollHeight }")
    expect(page.get_by_test_id("new-messages")).to_be_hidden()


def come_again(page):
    """Load the page again when the browser has stored the names of the people, as on a person's later visits."""
    # The page looks up only the people whom it shows.
    scroll_to_the_end(page)
    page.wait_for_function(
        "() => Object.keys(sessionStorage).some((key) => sessionStorage.getItem(key).includes('Jonas Weber'))"
    )
    page.reload()
    page.wait_for_selector("[data-state=open]")
    expect(message(page, QUESTION[6:])).to_have_count(1)


def test_the_story_gives_every_picture_of_the_guides(open_as, team, rooms):
    PICTURES.mkdir(parents=True, exist_ok=True)
    jonas, samir = open_as("jonas", "launch", **DESKTOP), open_as("samir", "launch", **DESKTOP)
    react(jonas, "What is left", 1)
    react(jonas, "slow query", 4)
    react(samir, "What is left", 1)
    react(samir, "Twice as fast", 4, 6)
    aiko, mara = open_as("aiko", "launch", **PHONE), open_as("mara", "launch", **DESKTOP)
    expect(mara.get_by_test_id("who-is-here").locator("li")).to_have_count(4)
    expect(mara.get_by_text("Jonas Weber").first).to_be_visible()
    for page in (mara, aiko):
        come_again(page)

    picture_the_room(mara)
    picture_the_phone(aiko)
    direct = team["jonas"].call("POST", "/api/directs/", handles=["mara"], expected=201).json()["slug"]
    team["jonas"].post(direct, "The customer from Oslo called. Shall I call back today?")
    picture_a_card(mara)
    picture_the_search(mara)
    picture_the_moderation(mara, team)
    picture_an_invitation(mara, rooms["hiring"])
    (PICTURES / "raw.png").unlink()
    made = {path.name for path in PICTURES.glob("*.png")}
    assert {path.name for path in COMMITTED.glob("*.png")} <= made | OTHERS


def picture_the_room(mara):
    plan = message(mara, "What is left")
    plan.focus()
    mara.keyboard.press("i")
    expect(plan.locator(".pin-mark")).to_be_visible()
    expect(mara.locator(".code-block [class^=hljs-]").first).to_be_visible()
    mara.get_by_test_id("composer").fill("I read it now, and tell you ")
    expect(mara.get_by_test_id("notice")).to_be_hidden()
    scroll_to_the_end(mara)
    save("room", take(mara))
    mara.get_by_test_id("composer").fill("")


def picture_the_phone(aiko):
    scroll_to_the_end(aiko)
    conversation = take(aiko)
    aiko.get_by_test_id("open-drawer").tap()
    drawer = take(aiko)
    aiko.locator("[data-drawer=close]").tap()
    message(aiko, "one slow query").locator(".author").scroll_into_view_if_needed()
    message(aiko, "Twice as fast").locator(".body").tap()
    aiko.locator(".toolbar [data-action=more]").tap()
    expect(aiko.locator("#message-sheet")).to_be_visible()
    save("phone", conversation, drawer, take(aiko))
    aiko.keyboard.press("Escape")


def picture_a_card(mara):
    mara.locator("[data-section=directs] li a").first.click()
    expect(message(mara, "from Oslo")).to_have_count(1)
    mara.locator("#people-list .person", has_text="jonas").or_(
        mara.locator("#away-list .person", has_text="jonas")
    ).first.click()
    expect(mara.locator("#person-card")).to_contain_text("Working from home")
    save("card", take(mara))
    mara.keyboard.press("Escape")


def picture_the_search(mara):
    mara.locator("[data-slug=launch] a.place").click()
    mara.keyboard.press("Control+Shift+F")
    mara.keyboard.type("newsletter")
    expect(mara.locator(".result mark").first).to_be_visible()
    save("search", take(mara))
    mara.keyboard.press("Escape")


def picture_the_moderation(mara, team):
    messages = team["aiko"].history("help-desk")
    (id,) = [id for id, found in messages.items() if found["body"] == ADVERTISEMENT]
    team["aiko"].call(
        "POST", f"/api/rooms/help-desk/messages/{id}/reports/", reason="This is an advertisement.", expected=201
    )
    for handle, role, seconds in (("Lucky 777", "muted", 3600), ("priya", "moderator", None)):
        body = {"handle": handle, "role": role, "reason": "Off topic" if seconds else "", "seconds": seconds}
        team["mara"].call("PUT", "/api/rooms/help-desk/members/", expected=200, **body)
    mara.locator("[data-slug=help-desk] a.place").click()
    expect(message(mara, "Win money")).to_have_count(1)
    mara.get_by_test_id("room-menu").locator("summary").click()
    mara.get_by_test_id("menu-moderation").click()
    expect(mara.locator(".report")).to_have_count(1)
    expect(mara.locator(".audit-entry")).to_have_count(2)
    save("moderation", take(mara))
    mara.keyboard.press("Escape")


def picture_an_invitation(mara, slug):
    mara.locator(f"[data-slug={slug}] a.place").click()
    expect(mara.get_by_test_id("room-name")).to_have_text("Hiring")
    mara.get_by_test_id("room-menu").locator("summary").click()
    mara.get_by_test_id("menu-invite").click()
    mara.locator("#make-invitation").click()
    link = mara.locator("#invitation-link")
    # The picture shows the address of an example site, and hides the key of the invitation.
    link.evaluate("input => { input.value = 'https://chat.example.com/invite/…' }")
    expect(mara.locator("#invitations li")).to_have_count(1)
    save("invitation", take(mara))
