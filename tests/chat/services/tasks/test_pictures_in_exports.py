"""Exports contain the site's own emoji and the previews of links, and a page needs nothing from outside for them."""

import io
import json

import pytest
from PIL import Image

from chat import protocol
from chat.models import LinkPreview, Message, Preview
from chat.services import custom_emoji, rooms
from chat.services.tasks import emoji
from tests.chat.services.tasks.helpers import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(alice, room, own_files):
    alice.is_staff = True
    alice.save()
    content = io.BytesIO()
    Image.new("RGB", (9, 9), "teal").save(content, "PNG")
    custom_emoji.add_emoji(alice, "partyowl", content.getvalue())
    member = rooms.join_room(alice, "garden")
    rooms.post_message(member, protocol.Post("r1", "Hi :partyowl: :partyowl: `:partyowl:` :other:"))
    rooms.set_reaction(member, protocol.React("r2", 1, ":partyowl:", True))
    return member


def test_a_page_contains_the_picture_of_an_emoji_once(alice, member):
    page = run(alice, "export", format="html")
    assert page.count("url(data:image/webp;base64,") == 1 and "<img" not in page
    assert page.count('<span class="emoji emoji-partyowl" role="img" aria-label=":partyowl:"') == 3
    assert "<code>:partyowl:</code>" in page and ":other:" in page and "img-src data:" in page


def test_a_page_has_a_limited_size_of_pictures(alice, member, monkeypatch):
    monkeypatch.setattr(emoji, "MAX_BYTES", 10)
    page = run(alice, "export", format="html")
    assert "data:image" not in page and "Hi :partyowl: :partyowl:" in page


def test_other_formats_contain_the_name_of_an_emoji(alice, member):
    assert ":partyowl: Alice" in run(alice, "export", format="csv")
    [message] = json.loads(run(alice, "export", format="json"))["messages"]
    assert message["reactions"] == {":partyowl:": ["Alice"]}


def test_previews_are_in_the_page_and_in_json(alice, member):
    Message.objects.update(additions=4)
    preview = Preview.objects.create(digest="d", is_found=True, title="<b>Roses", description="All about them")
    url = "https://flowers.example/?a=1&b=2"
    LinkPreview.objects.create(room=member.room, number=1, position=0, digest="d", url=url, preview=preview)
    page = run(alice, "export", format="html")
    assert '<a href="https://flowers.example/?a=1&amp;b=2" dir="auto">&lt;b&gt;Roses</a>' in page
    assert "flowers.example</bdi>" in page and "All about them" in page
    [message] = json.loads(run(alice, "export", format="json"))["messages"]
    assert message["previews"][0]["title"] == "<b>Roses"
