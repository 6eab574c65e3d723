"""Tests of the order of a person's favourites: by mouse, by finger, by keyboard and by menu, in all tabs."""

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.touch import centre, touch
from tests.live.client import Person

HOLD_MS = 600
# This script returns by how many of its own heights an item is moved down.
OWN_SHIFT = "item => (parseFloat(item.style.transform.match(/-?[\\d.]+/)?.[0] ?? 0)) / item.offsetHeight"


def expect_order(page, *slugs):
    """Wait until the list shows these favourites in this order."""
    listed = "[data-section=favourites] li"
    page.wait_for_function(
        f"(slugs) => [...document.querySelectorAll({listed!r})].map((item) => item.dataset.slug).join() === slugs",
        arg=",".join(slugs),
    )


def item_of(page, slug):
    return page.locator(f"[data-section=favourites] [data-slug='{slug}']")


def make_favourites(site, handle):
    """Return a new person, and the slugs of the person's three favourites."""
    person = Person(site, handle, "correct horse")
    slugs = [person.make_room() for _ in range(3)]
    for slug in slugs:
        person.call("PUT", f"/api/rooms/{slug}/membership/", favourite=True)
    return person, slugs


def drag(page, slug, target, below=False):
    """Drag a favourite with the mouse above or below another one, without lifting the button."""
    start, end = centre(item_of(page, slug)), item_of(page, target).bounding_box()
    page.mouse.move(**start)
    page.mouse.down()
    page.mouse.move(start["x"], start["y"] + 10)
    page.mouse.move(start["x"] + 5, end["y"] + (end["height"] - 4 if below else 4), steps=4)


def test_a_person_sorts_favourites_by_mouse_keyboard_and_menu_and_other_tabs_follow(open_workspace, site):
    person, [first, second, third] = make_favourites(site, "Sorter")
    tab = open_workspace(person, first)
    other = open_workspace(person, second)
    for page in (tab, other):
        expect_order(page, first, second, third)

    drag(tab, third, first)
    expect(item_of(tab, third)).to_have_class("dragged")
    # The other favourites make room for the dragged one.
    assert [item_of(tab, slug).evaluate(OWN_SHIFT) for slug in (first, second)] == [1, 1]
    tab.mouse.up()
    expect(tab.get_by_test_id("announcer")).to_contain_text("is favourite 1 of 3.")
    for page in (tab, other):
        expect_order(page, third, first, second)
    # The drag has not opened the room.
    assert tab.url.endswith(f"/rooms/{first}/")
    drag(tab, third, second, below=True)
    tab.mouse.up()
    expect_order(other, first, second, third)

    # Escape ends a drag without a change.
    drag(tab, first, third, below=True)
    tab.keyboard.press("Escape")
    expect(tab.locator(".dragged, .sorting")).to_have_count(0)
    assert item_of(tab, second).evaluate(OWN_SHIFT) == 0
    tab.mouse.up()
    expect_order(tab, first, second, third)

    # By keyboard, and the focus stays on the favourite.
    item_of(tab, third).locator("a").focus()
    tab.keyboard.press("Alt+Shift+ArrowUp")
    expect_order(tab, first, third, second)
    expect(item_of(tab, third).locator("a")).to_be_focused()
    tab.keyboard.press("Alt+Shift+ArrowUp")
    tab.keyboard.press("Alt+Shift+ArrowUp")
    expect_order(other, third, first, second)

    # By the menu, which offers only what is possible.
    item_of(other, third).hover()
    item_of(other, third).get_by_role("button").click()
    expect(other.get_by_role("menuitem", name="Move up")).to_have_count(0)
    other.get_by_role("menuitem", name="Move down").click()
    for page in (tab, other):
        expect_order(page, first, third, second)
    expect(item_of(other, third).get_by_role("button")).to_be_focused()

    # An ordinary click still opens the room.
    item_of(tab, second).locator("a").click()
    tab.wait_for_url(f"**/rooms/{second}/")
    tab.reload()
    expect_order(tab, first, third, second)


def test_a_finger_that_holds_a_favourite_drags_it_and_without_a_move_opens_its_menu(open_workspace, site):
    person, [first, second, third] = make_favourites(site, "Sorter with a finger")
    phone = open_workspace(person, first, **PHONE)
    phone.get_by_test_id("open-drawer").first.tap()
    expect_order(phone, first, second, third)
    start, end = centre(item_of(phone, third)), centre(item_of(phone, first))
    touch(phone, "touchStart", start)
    phone.wait_for_timeout(HOLD_MS)
    expect(item_of(phone, third)).to_have_class("dragged")
    for step in range(1, 5):
        touch(phone, "touchMove", {"x": start["x"], "y": start["y"] + (end["y"] - 6 - start["y"]) * step / 4})
    assert [item_of(phone, slug).evaluate(OWN_SHIFT) for slug in (first, second)] == [1, 1]
    touch(phone, "touchEnd")
    expect_order(phone, third, first, second)
    assert phone.url.endswith(f"/rooms/{first}/")

    # A finger that moves at once scrolls, and drags nothing.
    touch(phone, "touchStart", centre(item_of(phone, second)))
    touch(phone, "touchMove", {**end, "y": end["y"] - 30})
    phone.wait_for_timeout(HOLD_MS)
    expect(phone.locator(".dragged")).to_have_count(0)
    touch(phone, "touchEnd")

    touch(phone, "touchStart", centre(item_of(phone, second)))
    phone.wait_for_timeout(HOLD_MS)
    touch(phone, "touchEnd")
    phone.get_by_role("menuitem", name="Move up").tap()
    expect_order(phone, third, second, first)
    assert phone.url.endswith(f"/rooms/{first}/")
