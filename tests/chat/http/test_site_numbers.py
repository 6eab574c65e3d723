"""The families of the whole site at `/metrics`: what they count, and how rarely a slow count runs."""

import time
from datetime import timedelta

import pytest
from channels import channel_layers
from django.utils import timezone

import channels_transport.layer
from chat import broadcast
from chat.http import site_numbers
from chat.models import Room


def read(families):
    """Return {name: value} of families with one sample."""
    return {family.name: family.samples[0][1] for family in families}


@pytest.mark.django_db
def test_a_room_is_active_for_five_minutes_after_a_message(room, django_assert_num_queries):
    for slug, minutes in (("new", 4), ("old", 6)):
        Room.objects.create(slug=slug, name=slug, last_at=timezone.now() - timedelta(minutes=minutes))
    with django_assert_num_queries(1):
        found = read(site_numbers._collect_rooms())
    assert (found["chat_rooms"], found["chat_rooms_active"]) == (3, 1)


@pytest.mark.django_db
def test_people_with_an_open_page_are_online(valkey_url, monkeypatch):
    layer = channels_transport.layer.RedisChannelLayer(hosts=[valkey_url])
    layer.flush()
    monkeypatch.setattr(channel_layers["default"], "channel_layer", layer)
    groups = [broadcast.person_group(1), broadcast.person_group(2), broadcast.limited_group(3), broadcast.PEOPLE_GROUP]
    layer.group_add_all([*groups, broadcast.room_group(1), broadcast.feed_group(1)], "daphne.response.a!1")
    layer.group_add(broadcast.person_group(1), "daphne.response.a!2")
    assert read(family for family in site_numbers.collect_redis() if family.samples)["chat_people_online"] == 3


@pytest.mark.no_database
def test_a_number_that_takes_long_to_count_is_counted_rarely(monkeypatch):
    now, counted = [100.0], []

    def count(seconds):
        now[0] += seconds
        counted.append(now[0])
        return [len(counted)]

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    quick, slow = site_numbers.rarely(lambda: count(0.01)), site_numbers.rarely(lambda: count(1))
    assert [quick() for _ in range(3)] == [[1], [2], [3]]
    assert [slow() for _ in range(3)] == [[4], [4], [4]]
    now[0] += 198  # counting began 199 seconds ago
    assert slow() == [4]
    now[0] += 2
    assert slow() == [5]
