"""
No page runs a script that a text of a person contains. A real browser opens each page that shows such texts.

All payloads are in one site. Each page is opened without its Content-Security-Policy, so a script that came through
would run. To add a row, add a text to payloads.py; to add a place, add it to `fill` and, if it is on another page, to
PAGES.
"""

import secrets

import pytest

from tests.browser.log_in import log_in
from tests.live.client import Person, new_ref
from tests.security import payloads

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.no_database]

SECONDS = 30
# {room}, {key} and {board} are those of `filled`. The last pages take a text from the address.
PAGES = {
    "the lobby": "/",
    "the room": "/rooms/{room}/",
    "a message": "/rooms/{room}/?m=1",
    "the settings": "/settings/",
    "the rooms of operators": "/operators/rooms/",
    "an invitation": "/invite/{key}/",
    "a board": "/board/{board}/",
    "messages in the admin": "/admin/chat/message/",
    "people in the admin": "/admin/chat/person/",
    "rooms in the admin": "/admin/chat/room/",
    "reports in the admin": "/admin/chat/report/",
    "announcements in the admin": "/admin/chat/announcement/",
    "the next page": "/sign-in/?next={payload}",
    "an unknown room": "/rooms/{payload}/",
    "an unknown address": "/{payload}",
    "a search of the lobby": "/?q={payload}",
    "a search of the admin": "/admin/chat/message/?q={payload}",
}
# Elements and attributes that only a payload can have made.
FIND = """() => {
    const found = [];
    const runs = /^(javascript|vbscript|data:text)/;
    const addresses = ["href", "src", "action", "formaction", "data", "xlink:href", "content", "poster"];
    for (const element of document.querySelectorAll("*")) {
        if (element.matches("iframe, object, embed, marquee, math, base, [srcdoc], script:not([src], [type*=json])")) {
            found.push(element.outerHTML.slice(0, 200));
        }
        for (const { name, value } of element.attributes) {
            const address = value.replace(/[\\x00-\\x20]/g, "").toLowerCase();
            if (name.startsWith("on") || (addresses.includes(name) && runs.test(address))) {
                found.push(element.outerHTML.slice(0, 200));
            }
        }
    }
    return found;
}"""


NOTE_BLOCKED = """
    window.blocked = [];
    addEventListener("securitypolicyviolation", (event) => window.blocked.push(event.violatedDirective));
"""


def fill(site, owner):
    """Put the payloads into the places of a site that show texts of people, and return the values of PAGES."""
    texts = payloads.ALL
    room = owner.call(
        "POST",
        "/api/rooms/",
        slug=f"scripts-{secrets.token_hex(4)}",
        name=texts[3],
        topic=" ".join(texts[:6]),
        expected=201,
    ).json()["slug"]
    for number, text in enumerate(payloads.SHORT):
        owner.call("POST", "/api/rooms/", slug=f"{room}-{number}", name=text, topic=text, expected=201)
    cellar = owner.call(
        "POST", "/api/rooms/", slug="cellar", name=texts[3], topic=texts[1], private=True, expected=201
    ).json()
    made = owner.call("POST", f"/api/rooms/{cellar['slug']}/invitations/", expected=201).json()
    guests = [Person(site, text[:32]) for text in payloads.SHORT]
    for number, text in enumerate(texts):
        guests[number % len(guests)].call(
            "POST", f"/api/rooms/{room}/messages/", ref=new_ref(), body=text, reply_to=number or None, expected=201
        )
    for number, text in enumerate(payloads.SHORT, 1):
        guests[number % len(guests)].call("POST", f"/api/rooms/{room}/messages/{number}/reports/", reason=text)
    poll = "\n".join(payloads.SHORT[:5])
    owner.call("POST", f"/api/rooms/{room}/commands/", ref=new_ref(), name="poll", text=poll, expected=200)
    owner.call("POST", "/api/announcements/", text=" ".join(texts[:20]), room=room, expected=201)
    owner.call("POST", "/api/tokens/", name=texts[3], expected=201)
    owner.call("PATCH", "/api/profile/", name=texts[3], status=texts[1], expected=200)
    headers = {"X-CSRFToken": owner.http.cookies["csrftoken"], "Accept": "application/json"}
    board = owner.http.post(f"{site.url}/new_board", json={"name": texts[1]}, headers=headers, timeout=60).json()
    return {"room": room, "key": made["url"].split("/")[-2], "board": board["board"]}


@pytest.fixture(scope="module")
def filled(live_site, live_operator):
    live_site.database.query(
        "UPDATE chat_person SET is_superuser = %s WHERE handle = %s RETURNING 1", True, live_operator.handle
    )
    return fill(live_site, live_operator)


@pytest.fixture
def dialogs():
    return []


@pytest.fixture
def open_page(chromium, live_operator, dialogs):
    """Yield a function that opens a page of the operator. `dialogs` gets the text of each dialog that it shows."""
    contexts = []

    def open(**options):
        context = chromium.new_context(**options)
        contexts.append(context)
        log_in(context, live_operator)
        page = context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        return page

    yield open
    for context in contexts:
        context.close()


def test_no_page_runs_a_script_of_a_text(live_site, filled, open_page, dialogs):
    page, found = open_page(bypass_csp=True), {}
    for name, path in PAGES.items():
        page.goto(live_site.url + path.format(payload='"><svg%20onload=alert(1)>', **filled), wait_until="load")
        if path.startswith(("/rooms/{room}", "/board/")):
            page.wait_for_selector("[data-state=open]")
        if path == "/rooms/{room}/":
            shown = " ".join(page.locator(".message .body").all_inner_texts())
            assert "<svg onload=alert(42)>" in shown and "<script>alert(17)" in shown
            page.keyboard.press("Control+Shift+F")
            page.get_by_role("searchbox").first.fill("alert")
            page.keyboard.press("Enter")
            page.wait_for_selector("mark")
        if markup := page.evaluate(FIND):
            found[name] = markup
    assert (found, dialogs) == ({}, [])


def test_the_policy_would_block_a_script_and_blocks_nothing_of_the_room(live_site, filled, open_page, dialogs):
    page = open_page()
    page.add_init_script(NOTE_BLOCKED)
    page.goto(f"{live_site.url}/rooms/{filled['room']}/")
    page.wait_for_selector("[data-state=open]")
    assert page.evaluate("window.blocked") == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(0)>')")
    page.wait_for_function("window.blocked.length > 0")
    assert page.evaluate("window.blocked[0]").startswith("script-src") and dialogs == []


def test_the_test_finds_payloads_that_a_page_takes_for_markup(open_page, dialogs):
    page = open_page(bypass_csp=True)
    page.set_content("".join(f"<div>{text}</div>" for text in payloads.SHORT))
    page.wait_for_timeout(100)
    assert dialogs and len(page.evaluate(FIND)) > 8
