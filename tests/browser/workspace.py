"""Steps in the workspace that several tests share: go to another room with a link, and check which room is open."""

from playwright.sync_api import expect

FOLLOW_LINK = """path => {
    const link = Object.assign(document.createElement("a"), { href: path });
    document.body.append(link);
    link.click();
    link.remove();
}"""


def go_to(page, slug):
    """Go to another room with a link like those in the list of rooms."""
    page.evaluate(FOLLOW_LINK, f"/rooms/{slug}/")
    expect_room(page, slug)


def expect_room(page, slug):
    """Check that the page shows this room, and that the room is connected."""
    expect(page.locator(f"#room[data-slug='{slug}'][data-state=open]")).to_be_attached()
    assert page.url.endswith(f"/rooms/{slug}/")
