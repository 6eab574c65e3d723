"""A message shows previews of the pages to which it links, and nobody reaches a private address through the server."""

import io
import socket
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from chat.models import AdditionBit, AuditEntry, LinkPreview, Message, Preview
from chat.protocol import Edit, Remove
from chat.services import files, link_previews, outgoing, retention, rooms
from chat.services.link_previews import fetching, job
from tests import wire
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import post

from .web import PAGE, make_image, make_page

pytestmark = pytest.mark.django_db(transaction=True)


def bits():
    return Message.objects.values_list("additions", flat=True).get(number=1)


def find_images():
    return list(Preview.objects.exclude(image="").values_list("image", flat=True))


def test_a_message_shows_the_preview_of_its_link(web, say):
    message = say(f"Look: {web.url}/roses#red")
    [preview] = message["previews"]
    address = f"/api/rooms/garden/messages/1/previews/{preview['id']}/image/"
    assert preview == {
        "id": preview["id"],
        "url": f"{web.url}/roses",
        "title": "Roses",
        "description": "All about roses.",
        "site": "Flowers",
        "image": {"url": address, "width": 320, "height": 180},
    }
    assert message["offset"] == 2 and message["edited_at"] is None
    assert web.asked == ["/roses", "/rose.png"]


def test_the_preview_is_published_as_a_change_of_the_message(web, room, alice, enter):
    alices = enter(alice)
    alices.read()
    post(rooms.join_room(alice, "garden"), "r1", f"{web.url}/weeds")
    wire.work()
    first, second = [event for event in alices.read() if event["type"] == "message"]
    assert "previews" not in first and second["previews"][0]["title"] == "Weeds"
    assert (first["offset"], second["offset"]) == (1, 2)


def test_without_the_setting_nothing_is_fetched_or_stored(web, say, settings):
    settings.CHAT_LINK_PREVIEWS = False
    assert "previews" not in say(f"{web.url}/roses")
    assert not web.asked and bits() is None


def test_the_first_three_links_get_previews(web, say):
    for number in range(5):
        web.pages[f"/{number}"] = (PAGE, make_page(f"Page {number}"))
    message = say(" ".join(f"{web.url}/{number}" for number in (0, 0, 1, 2, 3)))
    assert [preview["title"] for preview in message["previews"]] == ["Page 0", "Page 1", "Page 2"]


@pytest.mark.parametrize("body", ["<{}>", "`{}`", "> {}", "```\n{}\n```", "> - {}\n\nyes"])
def test_links_in_code_quotes_and_angle_brackets_have_no_preview(web, say, body):
    assert "previews" not in say(body.format(f"{web.url}/roses"))
    assert not web.asked


def test_links_to_this_site_have_no_preview(web, say, settings):
    settings.PUBLIC_URL = "https://127.0.0.1"
    assert "previews" not in say(f"{web.url}/roses")
    assert not web.asked


def test_a_page_without_a_title_leaves_nothing_at_the_message(web, say):
    web.pages["/empty"] = (PAGE, b"<p>Hello")
    message = say(f"{web.url}/empty")
    assert message["offset"] == 1 and bits() is None and not LinkPreview.objects.exists()


@pytest.mark.parametrize(
    ("path", "content_type", "content"),
    [("/missing", None, b""), ("/text", "text/plain", make_page()), ("/picture", "image/png", make_image())],
)
def test_only_pages_of_html_have_previews(web, say, path, content_type, content):
    if content_type:
        web.pages[path] = (content_type, content)
    assert "previews" not in say(f"{web.url}{path}")


def test_results_and_failures_are_kept_for_other_messages(web, say):
    first, second = say(f"{web.url}/roses", "r1"), say(f"Again {web.url}/roses", "r2")
    assert first["previews"][0]["title"] == second["previews"][0]["title"]
    say(f"{web.url}/missing", "r3")
    say(f"{web.url}/missing", "r4")
    assert web.asked == ["/roses", "/rose.png", "/missing"]
    Preview.objects.update(expires_at=timezone.now())
    say(f"{web.url}/weeds {web.url}/roses", "r5")
    assert web.asked[3:] == ["/weeds", "/roses", "/rose.png"]


# What a malicious page or server could do.


def test_a_redirect_to_a_private_address_is_not_followed(web, say, settings):
    web.moved["/trap"] = f"http://127.0.0.2:{web.port}/roses"
    assert "previews" not in say(f"{web.url}/trap")
    assert web.asked == ["/trap"]


def test_an_image_at_a_private_address_is_not_fetched(web, say):
    image = f'<meta property="og:image" content="http://127.0.0.2:{web.port}/rose.png">'
    web.pages["/page"] = (PAGE, make_page(more=image))
    [preview] = say(f"{web.url}/page")["previews"]
    assert "image" not in preview and web.asked == ["/page"]


def test_a_name_that_leads_to_a_private_address_later_is_not_reached(web, say, monkeypatch):
    real, left = socket.getaddrinfo, ["127.0.0.1", "127.0.0.2"]

    def resolve(host, port, *arguments, **options):
        if host != "changing.example":
            return real(host, port, *arguments, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    [preview] = say(f"http://changing.example:{web.port}/roses")["previews"]
    # The second address was for the image.
    assert preview["title"] == "Roses" and "image" not in preview
    assert left == [] and web.asked == ["/roses"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/", "http://localhost:1/", "http://169.254.169.254/latest/", "http://[::1]/"]
)
def test_a_link_to_a_private_address_has_no_preview(web, say, settings, url):
    settings.OUTGOING_NETWORKS = []
    assert "previews" not in say(url)


def test_a_page_that_does_not_end_has_no_preview(web, say, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 2.0)
    assert "previews" not in say(f"{web.url}/endless")


def test_a_decompression_bomb_is_left_out(web, say):
    web.pages["/rose.png"] = ("image/png", make_image((6000, 6000)))
    [preview] = say(f"{web.url}/roses")["previews"]
    assert "image" not in preview and not find_images()


@pytest.mark.parametrize("content", [b"no image", make_image((8, 8)), make_image((900, 40)), make_image()[:200]])
def test_a_file_that_is_no_image_and_a_tiny_image_are_left_out(web, say, content):
    web.pages["/rose.png"] = ("image/png", content)
    assert "image" not in say(f"{web.url}/roses")["previews"][0]


def test_a_huge_image_is_left_out(web, say, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_IMAGE_BYTES", 100)
    assert "image" not in say(f"{web.url}/roses")["previews"][0]


# The budget of the site has a reserve for people who have used little of their own.
@pytest.mark.parametrize(
    ("limit", "most"),
    [("link_previews", 1), ("link_previews_in_room", 1), ("link_previews_of_host", 1), ("link_previews_per_site", 2)],
)
def test_a_budget_bounds_how_many_pages_are_fetched(web, say, settings, limit, most):
    settings.CHAT_LIMITS_ON = True
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, limit: (1, 1e-6)}
    message = say(f"{web.url}/weeds {web.url}/roses {web.url}/missing")
    assert [preview["title"] for preview in message["previews"]] == ["Weeds", "Roses"][:most]
    # A refusal by a limit is not stored as the result of the page.
    assert Preview.objects.count() == most


# The image.


def test_only_people_who_may_read_the_room_get_the_image(web, alice, bob, own_files):
    room = rooms.create_room(alice, "secret", "Secret", is_private=True)
    post(rooms.join_room(alice, room.slug), "r1", f"{web.url}/roses")
    wire.work()
    [link] = LinkPreview.objects.all()
    address = f"/api/rooms/{room.slug}/messages/1/previews/{link.id}/image/"
    response = wire.browser_of(alice).get(address)
    assert response.status_code == 200 and response["Content-Type"] == "image/webp"
    assert response["Cache-Control"].startswith("private") and response.content[8:12] == b"WEBP"
    assert wire.browser_of(bob).get(address).status_code == 404
    assert wire.browser_of(alice).get(address.replace("/1/", "/2/")).status_code == 404


def test_the_stored_image_is_a_new_small_file(web, say):
    say(f"{web.url}/roses")
    content = b"".join(files.read(find_images()[0]))
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "WEBP" and image.size == (320, 180)


# Removing previews.


def hide(person, link_id, number=1):
    link_previews.hide_preview(person, "garden", number, link_id)


def test_the_author_removes_a_preview_and_it_does_not_come_back(web, say, alice, room, read_message):
    [preview] = say(f"{web.url}/roses")["previews"]
    hide(alice, preview["id"])
    message = read_message()
    assert "previews" not in message and message["offset"] == 3 and message["edited_at"] is None
    assert not Preview.objects.exists() and not find_images()
    rooms.edit_message(rooms.join_room(alice, "garden"), Edit("e1", 1, f"Better: {web.url}/roses"))
    wire.work()
    assert "previews" not in read_message()
    assert_refused("not_found", hide, alice, preview["id"])


def test_a_moderator_removes_a_preview_with_an_audit_entry(web, room, alice, bob, read_message):
    post(rooms.join_room(bob, "garden"), "r1", f"{web.url}/weeds")
    wire.work()
    hide(alice, read_message()["previews"][0]["id"])
    assert "previews" not in read_message()
    assert AuditEntry.objects.filter(actor=alice, person=bob, act=AuditEntry.EDIT, message=1).exists()


def test_other_people_cannot_remove_a_preview(web, say, bob, charlie):
    [preview] = say(f"{web.url}/weeds")["previews"]
    assert_refused("forbidden", hide, bob, preview["id"])
    response = wire.browser_of(bob).delete(f"/api/rooms/garden/messages/1/previews/{preview['id']}/")
    assert response.status_code == 403


def test_an_edit_removes_and_adds_previews(web, say, alice, read_message):
    say(f"{web.url}/roses {web.url}/weeds")
    member = rooms.join_room(alice, "garden")
    rooms.edit_message(member, Edit("e1", 1, f"{web.url}/weeds"))
    assert [preview["title"] for preview in read_message()["previews"]] == ["Weeds"]
    assert not find_images()
    rooms.edit_message(member, Edit("e2", 1, f"{web.url}/weeds {web.url}/roses"))
    wire.work()
    assert [preview["title"] for preview in read_message()["previews"]] == ["Weeds", "Roses"]
    rooms.edit_message(member, Edit("e3", 1, "Nothing"))
    assert "previews" not in read_message() and bits() is None


def test_an_edit_adds_the_first_link(web, say, alice, read_message):
    say("No link")
    rooms.edit_message(rooms.join_room(alice, "garden"), Edit("e1", 1, f"{web.url}/weeds"))
    wire.work()
    assert read_message()["previews"][0]["title"] == "Weeds" and bits() == AdditionBit.PREVIEWS


def test_a_removed_message_loses_its_previews_and_their_files(web, say, alice, read_message):
    say(f"{web.url}/roses")
    [name] = find_images()
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("x1", 1))
    assert "previews" not in read_message() and not files.has(name)
    assert not LinkPreview.objects.exists() and not Preview.objects.exists()


def test_a_preview_that_another_message_shows_stays(web, say, alice, read_message):
    say(f"{web.url}/roses", "r1")
    say(f"{web.url}/roses", "r2")
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("x1", 1))
    assert read_message(3)["previews"] and files.has(find_images()[0])


def test_a_message_that_is_removed_during_the_request_gets_no_preview(web, room, alice, read_message, monkeypatch):
    member = rooms.join_room(alice, "garden")
    real = outgoing.send

    def send(*arguments, **options):
        rooms.remove_message(member, Remove("x1", 1))
        return real(*arguments, **options)

    monkeypatch.setattr(outgoing, "send", send)
    post(member, "r1", f"{web.url}/weeds")
    wire.work()
    message = read_message()
    assert message["removed"] and message["offset"] == 2 and not LinkPreview.objects.exists()


def test_retention_deletes_previews(web, say):
    say(f"{web.url}/roses")
    Message.objects.update(created_at=timezone.now() - timedelta(days=9))
    retention.set_rule("garden", 7, "operator")
    list(retention.run_retention("operator"))
    assert not LinkPreview.objects.exists() and not find_images()


# The job and the sweep.


def test_a_lost_job_is_started_again_and_given_up_after_two_tries(web, room, alice, monkeypatch, read_message):
    monkeypatch.setattr("chat.services.link_previews.links.start_job", lambda room_id, number: None)
    post(rooms.join_room(alice, "garden"), "r1", f"{web.url}/weeds")
    assert link_previews.sweep_previews() == 0
    LinkPreview.objects.update(due_at=timezone.now() - job.OVERDUE_AFTER)
    assert link_previews.sweep_previews() == 1
    wire.work()
    assert read_message()["previews"]
    LinkPreview.objects.update(due_at=timezone.now() - job.OVERDUE_AFTER, tries=job.MAX_TRIES)
    assert link_previews.sweep_previews() == 1
    assert not LinkPreview.objects.exists()


def test_a_job_that_arrives_twice_fetches_once(web, room, alice):
    post(rooms.join_room(alice, "garden"), "r1", f"{web.url}/weeds")
    wire.work()
    assert not link_previews.make_previews(room.id, 1)
    assert web.asked == ["/weeds"]


def test_the_sweep_deletes_expired_failures_and_unused_previews(web, say):
    say(f"{web.url}/missing {web.url}/roses")
    assert Preview.objects.count() == 2 and link_previews.sweep_previews() == 0
    old = timezone.now() - fetching.KEEP
    Preview.objects.update(expires_at=old, fetched_at=old)
    assert link_previews.sweep_previews() == 1
    LinkPreview.objects.all().delete()
    assert link_previews.sweep_previews() == 1 and not Preview.objects.exists()


def test_a_page_with_previews_needs_one_more_query(web, say, room, django_assert_num_queries):
    for number in range(3):
        say(f"{web.url}/roses", f"r{number}")
    found = list(Message.objects.complete())
    with django_assert_num_queries(1):
        rooms.describe_messages(found)


def test_no_board_has_previews(web, owner):
    answer = owner.room().post("r1", f"{web.url}/weeds")
    wire.work()
    assert answer["type"] == "ack" and not web.asked
