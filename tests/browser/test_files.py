"""Files in the browser: choose, paste and drop them, cancel and retry, the viewer of pictures, and the room's list."""

import io

from PIL import Image
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import choose, say
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_in_both_themes, keep_screenshot

DROP = """([name, type, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(content)], name, { type }));
  const target = document.querySelector("#messages");
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  const fire = (type) => target.dispatchEvent(new DragEvent(type, options));
  window.dropped = () => fire("drop");
  fire("dragover");
}"""
PASTE = """([name, type, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(content)], name, { type }));
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector("#composer").dispatchEvent(event);
}"""


def make_image(size, colour, kind="PNG"):
    content = io.BytesIO()
    image = Image.linear_gradient("L").resize(size)
    Image.merge("RGB", [image, Image.new("L", size, colour), image.rotate(180)]).save(content, kind)
    return content.getvalue()


def chips(page):
    return page.get_by_test_id("composer-files").locator(".chip")


def choose_files(page, *files):
    """Choose files ({name, mimeType, buffer}) with the button of the composer."""
    page.get_by_test_id("composer-file").set_input_files(list(files))


def file_of(name, content, type="application/octet-stream"):
    return {"name": name, "mimeType": type, "buffer": content}


def last_files(page):
    return page.locator(".message[data-id] .files").last


def open_picture(page, name):
    page.locator(f".picture[title='{name}']").click()
    expect(page.locator("#viewer")).to_be_visible()


@requires_axe()
def test_files_are_chosen_pasted_dropped_sent_and_viewed(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    picture, other = make_image((1200, 800), 90), make_image((600, 900), 180, "JPEG")
    # Paste, drop and choose.
    alice.evaluate(PASTE, ["pasted.png", "image/png", list(picture)])
    alice.evaluate(DROP, ["dropped.jpg", "image/jpeg", list(other)])
    expect(alice.locator(".drop-hint")).to_be_visible()
    keep_screenshot(alice, "files, drop")
    alice.evaluate("window.dropped()")
    expect(alice.locator(".drop-hint")).to_be_hidden()
    choose_files(alice, file_of("report.pdf", b"%PDF-1.4 report"), file_of("unwanted.txt", b"x"))
    expect(chips(alice)).to_have_count(4)
    alice.get_by_role("button", name="Remove unwanted.txt").click()
    expect(alice.locator(".chip[data-state=done]")).to_have_count(3)
    assert_accessible(alice, "files, composer")
    # The draft survives a reload.
    alice.reload()
    expect(alice.locator(".chip[data-state=done]")).to_have_count(3)
    say(alice, "Look at these")
    expect(chips(alice)).to_have_count(0)
    for page in (alice, bob):
        expect(last_files(page).locator("a.picture img")).to_have_count(2, timeout=20_000)
        expect(last_files(page).locator(".file-card")).to_contain_text("report.pdf")
    bob.wait_for_function(
        "() => [...document.querySelectorAll('.picture img')].every((image) => image.naturalWidth > 0)"
    )
    keep_in_both_themes(bob, "files, messages")
    # The viewer.
    open_picture(bob, "pasted.png")
    assert_accessible(bob, "files, viewer")
    expect(bob.locator(".viewer-count")).to_have_text("1 of 2")
    bob.keyboard.press("ArrowRight")
    expect(bob.locator(".viewer-name")).to_have_text("dropped.jpg")
    bob.keyboard.press("+")
    expect(bob.locator(".viewer-stage.zoomed")).to_be_visible()
    bob.keyboard.press("0")
    with bob.expect_download() as download:
        bob.locator("#viewer [data-action=download]").click()
    assert download.value.suggested_filename == "dropped.jpg"
    bob.keyboard.press("Escape")
    expect(bob.locator("#viewer")).to_have_count(0)
    # The list of the room.
    choose(bob, "files")
    expect(bob.locator(".room-files li")).to_have_count(3)
    keep_screenshot(bob, "files, list")
    bob.get_by_role("radio", name="Pictures").check()
    expect(bob.locator(".room-files li")).to_have_count(2)
    # The author removes a file, and nobody else has a button for it.
    last_files(alice).locator(".file").last.hover()
    button = last_files(alice).get_by_role("button", name="Remove report.pdf")
    expect(button).to_have_css("opacity", "1")
    keep_in_both_themes(alice, "files, removal")
    button.click()
    expect(last_files(alice).get_by_role("button", name="Remove?")).to_have_text("Remove?")
    assert_accessible(alice, "files, removal confirmed")
    last_files(alice).get_by_role("button", name="Remove?").click()
    expect(alice.get_by_test_id("notice")).to_contain_text("The file is removed.")
    for page in (alice, bob):
        expect(last_files(page).locator(".file-card")).to_have_count(0)
        expect(last_files(page).locator("a.picture img")).to_have_count(2)
    expect(last_files(bob).locator(".file > button").first).to_be_hidden()


def test_uploads_on_a_phone_wait_fail_and_are_repeated(join_room):
    alice = join_room("Alice", **PHONE)
    held = []

    def answer(route):
        if "refused" in (route.request.post_data or ""):
            route.fulfill(status=413, json={"code": "too_large", "detail": "This file is too large."})
        else:
            held.append(route)

    alice.route("**/files/", answer)
    with alice.expect_file_chooser() as chooser:
        alice.get_by_test_id("composer-more").click()
        alice.locator("[data-action=attach]").click()
    chooser.value.set_files([file_of("photo.png", make_image((900, 1200), 60)), file_of("refused.txt", b"refused")])
    refused = alice.locator(".chip[data-state=failed]")
    expect(refused).to_contain_text("This file is too large.")
    # A message is not sent without its files.
    alice.get_by_test_id("send").click()
    expect(alice.get_by_test_id("notice")).to_contain_text("could not be uploaded")
    keep_in_both_themes(alice, "files, composer on a phone")
    alice.get_by_role("button", name="Remove refused.txt").click()
    say(alice, "From my phone")
    expect(alice.get_by_test_id("composer-files-status")).to_contain_text("when all files have arrived")
    # The connection is lost for a moment: the file is sent again, and then the message with it.
    held.pop().abort()
    alice.unroute("**/files/")
    expect(last_files(alice).locator("a.picture")).to_have_count(1, timeout=20_000)
    expect(chips(alice)).to_have_count(0)
    choose_files(alice, file_of("refused.txt", b"not refused"))
    expect(alice.locator(".chip[data-state=done]")).to_have_count(1)
    alice.get_by_test_id("send").click()
    expect(last_files(alice)).to_contain_text("refused.txt")
    # A message keeps its only file until it has a text.
    expect(last_files(alice).locator(".file > button")).to_have_count(0)
    alice.get_by_test_id("composer").press("ArrowUp")
    say(alice, "My notes")
    expect(last_files(alice).locator(".file > button")).to_have_count(1)
    keep_in_both_themes(alice, "files, messages on a phone")
    open_picture(alice, "photo.png")
    keep_screenshot(alice, "files, viewer on a phone")
    assert is_within(alice.locator(".viewer-stage img"), alice)
    alice.locator("#viewer [data-action=close]").click()


def is_within(locator, page):
    """Return whether an element is within the left, right and upper edges of the visible part of the page."""
    box, size = locator.bounding_box(), page.viewport_size
    return box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= size["width"] + 1


def test_uploaded_pages_run_no_script(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    script = b"<script>top.document.title = document.title = 'attacked'; alert(1)</script>"
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>" + script + b"</svg>"
    polyglot = make_image((20, 20), 60, "GIF")[:-1] + b"!\xfe\x10*/=1;alert(1)//\x00;"
    files = {"page.html": script, "picture.svg": svg, "script.gif": polyglot, "page.png": script}
    choose_files(alice, *[file_of(name, content, "text/html") for name, content in files.items()])
    expect(alice.locator(".chip[data-state=done]")).to_have_count(len(files))
    alice.get_by_test_id("send").click()
    expect(last_files(bob).locator("a.picture")).to_have_count(1, timeout=20_000)
    dialogs = []
    bob.context.on("dialog", lambda dialog: dialogs.append(dialog) or dialog.dismiss())
    addresses = last_files(bob).locator("a").evaluate_all("(links) => links.map((link) => link.href)")
    assert len(addresses) == len(files)
    for address in addresses:
        tab = bob.context.new_page()
        if address.endswith(".gif"):
            tab.goto(address)
        else:
            # The browser saves the file instead of showing it.
            with tab.expect_download():
                tab.evaluate("(address) => { location = address; }", address)
        assert not tab.evaluate("document.title").startswith("attacked")
        tab.close()
    # The page itself cannot run such a file as a script.
    bob.evaluate(
        """(addresses) => Promise.all(addresses.map((src) => new Promise((done) => {
          document.head.append(Object.assign(document.createElement("script"), { src, onload: done, onerror: done }));
        })))""",
        addresses,
    )
    assert not dialogs and "attacked" not in bob.title()
