"""Pages that are open during an import show its rooms and messages as soon as they are complete."""

import pytest

from chat.models import Room
from chat.services import search
from tests import wire
from tests.chat.services.imports import generator
from tests.chat.services.imports.helpers import import_slack

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(alice):
    return wire.browser_of(alice)


@pytest.fixture
def path(tmp_path):
    return generator.write_slack(generator.make_history(60), tmp_path / "slack.zip")


def test_the_workspace_and_the_lobby_show_the_new_rooms(alice, browser, path):
    stream, lobby = wire.Socket("/me/", browser).connect(), wire.Socket("/lobby/", browser).connect()
    import_slack(path, same_handles=True)
    rooms = {event["name"]: event for event in stream.seen("room")}
    assert set(rooms) == {"general", "random_stuff", "secret-plans", "Bob", "Bob, Charlie"}
    assert all(room["unread"] == 0 for room in rooms.values())
    assert len(lobby.seen("updated")) == 1


def test_nobody_sees_a_room_before_it_is_complete(alice, path, monkeypatch):
    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("chat.services.imports.rooms.Rooms.finish", fail)
    with pytest.raises(KeyboardInterrupt):
        import_slack(path, same_handles=True)
    caller = wire.Caller(alice)
    assert Room.objects.count() == 5 and caller("GET", "/api/rooms/")[1]["rooms"] == []
    assert caller("GET", "/api/workspace/")[1]["rooms"] == []
    assert caller("GET", "/api/rooms/general/messages/") == (404, "not_found")


def test_a_page_in_a_room_loads_the_messages_of_a_later_export(alice, browser, path, tmp_path):
    import_slack(path, same_handles=True)
    socket = wire.Socket("/chat/general/", browser).connect()
    cursor = socket.seen("synced")[-1]["offset"]
    import_slack(generator.write_slack(generator.make_history(90), tmp_path / "later.zip"), same_handles=True)
    socket.read()
    assert socket.code == 4408
    again = wire.Socket("/chat/general/", browser, query=f"cursor={cursor}").connect()
    offset = Room.objects.get(slug="general").offset
    assert offset > cursor
    assert [event["id"] for event in again.seen("message")] == list(range(cursor + 1, offset + 1))


def test_the_search_finds_imported_messages(alice, path):
    import_slack(path, same_handles=True)
    search.index_changes(60)
    _, found = wire.Caller(alice)("GET", "/api/search/?q=morning&room=general")
    assert found["results"] and all("morning" in result["message"]["body"] for result in found["results"])
    times = [result["message"]["at"] for result in found["results"]]
    assert times == sorted(times, reverse=True)
