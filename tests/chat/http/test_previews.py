"""The API of previews: the rendering of a body that is not posted yet."""

import pytest

from chat.models import Message

pytestmark = pytest.mark.django_db(transaction=True)

PREVIEW = "/api/rooms/garden/preview/"


def test_a_preview_is_what_a_message_would_show(as_bob, room):
    assert as_bob("POST", PREVIEW, {"body": " **Hello** <b> "}) == (
        200,
        {"html": "<p><strong>Hello</strong> &lt;b&gt;</p>"},
    )
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "fields, code",
    [
        ({}, "missing_field"),
        ({"body": " "}, "empty"),
        ({"body": "x" * 4001}, "too_long"),
        ({"body": 5}, "invalid_field"),
    ],
)
def test_a_preview_of_an_invalid_body_is_refused(as_bob, room, fields, code):
    assert as_bob("POST", PREVIEW, fields) == (400, code)


def test_strangers_and_people_outside_of_a_private_room_get_no_preview(stranger, as_bob, as_alice):
    as_alice("POST", "/api/rooms/", {"slug": "attic", "name": "Attic", "private": True})
    assert stranger("POST", PREVIEW, {"body": "Hello"}) == (401, "not_signed_in")
    assert as_bob("POST", "/api/rooms/attic/preview/", {"body": "Hello"}) == (404, "not_found")


def test_previews_count_against_the_rate_limit(as_bob, room, settings):
    settings.CHAT_LIMITS_ON = True
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (2, 0.001)}
    assert [as_bob("POST", PREVIEW, {"body": "Hello"})[0] for _ in range(3)] == [200, 200, 429]
