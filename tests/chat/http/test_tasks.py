"""The API of tasks: start, read and delete a task, and the right to download its result."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import broadcast
from chat.models import Member, Room, Task
from chat.services import files, rooms
from chat.services.tasks import running, sweeping
from tests import wire
from tests.chat.services.tasks.helpers import JSON, get, start, stored_results

pytestmark = pytest.mark.django_db(transaction=True)


class FakeLayer:
    """A channel layer whose interface takes one part of a response between two calls of `count_waiting`."""

    def __init__(self, waiting):
        self.waiting = waiting

    def count_waiting(self, channel):
        self.waiting -= 1
        return self.waiting + 1


def test_a_task_can_be_started_listed_read_and_deleted(alice, room):
    browser = wire.browser_of(alice)
    body = {"ref": "x1", "task": "export", "params": JSON}
    response = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert response.status_code == 201
    task_id = response.json()["task_id"]
    assert (response.json()["ref"], response.json()["state"]) == ("x1", "queued")
    wire.work()
    response = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert (response.status_code, response.json()["state"]) == (200, "done")
    [listed] = browser.get("/api/rooms/garden/tasks/").json()["tasks"]
    assert listed == browser.get(f"/api/tasks/{task_id}/").json()
    assert listed["result"] == f"/api/tasks/{task_id}/result/"
    assert browser.delete(f"/api/tasks/{task_id}/").json() == {"task_id": task_id}
    assert browser.get(f"/api/tasks/{task_id}/").status_code == 404
    assert get(browser, listed["result"])[0] == 404
    assert browser.get("/api/rooms/garden/tasks/").json() == {"tasks": []}
    response = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert (response.status_code, response.json()) == (200, {"ref": "x1", "task_id": task_id})


def test_a_refused_start_of_a_task_returns_its_ref_and_an_error_status(alice, room):
    browser = wire.browser_of(alice)
    body = {"ref": "x1", "task": "bake", "params": {}}
    response = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    assert (response.status_code, response.json()["code"], response.json()["ref"]) == (400, "invalid_field", "x1")
    response = browser.post("/api/rooms/nowhere/tasks/", json.dumps({**body, "task": "export"}), "application/json")
    assert response.status_code == 404


def test_a_failed_task_says_why_in_the_language_of_the_request(alice, room):
    browser = wire.browser_of(alice)
    body = {"ref": "x1", "task": "export", "params": {"format": "json"}}
    response = browser.post("/api/rooms/garden/tasks/", json.dumps(body), content_type="application/json")
    Task.objects.update(**sweeping.make_failure(running.SERVER_ERROR))
    address = f"/api/tasks/{response.json()['task_id']}/"
    assert browser.get(address).json()["error"] == running.SERVER_ERROR
    german = browser.get(address, HTTP_ACCEPT_LANGUAGE="de").json()["error"]
    assert german.startswith("Diese Aufgabe ist wegen eines Fehlers auf dem Server fehlgeschlagen.")


def test_a_task_of_another_person_is_not_found(alice, bob, charlie, enter, client):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    for person in (bob, charlie):
        other = wire.browser_of(person)
        unknown = get(other, "/api/tasks/999999/result/")
        assert get(other, f"/api/tasks/{task_id}/result/") == unknown and unknown[0] == 404
        assert other.get(f"/api/tasks/{task_id}/").status_code == 404
        assert other.delete(f"/api/tasks/{task_id}/").status_code == 404
        assert other.get("/api/rooms/garden/tasks/").json() == {"tasks": []}
    assert client.get(f"/api/tasks/{task_id}/result/").status_code == 401
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 200


def test_a_banned_person_cannot_fetch_results(bob, enter):
    socket = enter(bob)
    task_id = start(socket)["task_id"]
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    for path in (f"/api/tasks/{task_id}/", f"/api/tasks/{task_id}/result/", "/api/rooms/garden/tasks/"):
        assert get(socket.browser, path)[0] == 403
    response = socket.browser.post(
        "/api/rooms/garden/tasks/", '{"ref": "x2", "task": "statistics", "params": {}}', content_type="application/json"
    )
    assert response.status_code == 403
    assert socket.browser.delete(f"/api/tasks/{task_id}/").status_code == 200


def test_a_person_who_left_a_private_room_cannot_fetch_results(bob, enter):
    socket = enter(bob)
    task_id = start(socket)["task_id"]
    Room.objects.update(access=Room.PRIVATE)
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 200
    rooms.delete_member(rooms.join_room(bob, "garden"))
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 404


@pytest.mark.parametrize("task_id", [0, 2**31, 2**63, 10**30])
def test_an_unknown_task_id_is_not_found(alice, room, task_id):
    browser = wire.browser_of(alice)
    for path in (f"/api/tasks/{task_id}/", f"/api/tasks/{task_id}/result/"):
        assert get(browser, path)[0] == 404
    assert browser.delete(f"/api/tasks/{task_id}/").status_code == 404


def test_a_result_has_headers_that_prevent_scripts(alice, enter):
    socket = enter(alice)
    export = start(socket, "x1", params={"format": "html"})["task_id"]
    statistics = start(socket, "x2", task="statistics", params={})["task_id"]
    for task_id, disposition in [
        (export, 'attachment; filename="garden.html"'),
        (statistics, 'inline; filename="garden-statistics.html"'),
    ]:
        response = socket.browser.get(f"/api/tasks/{task_id}/result/")
        assert response["Content-Disposition"] == disposition
        assert (
            response["Content-Security-Policy"]
            == "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        )
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Type"] == "text/html; charset=utf-8"
        assert int(response["Content-Length"]) == len(b"".join(response.streaming_content))


def test_an_expired_result_is_not_found_and_then_deleted(alice, enter, own_files):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    assert stored_results()
    Task.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    status, content = get(socket.browser, f"/api/tasks/{task_id}/result/")
    assert status == 404 and "expired" in json.loads(content)["detail"]
    assert sweeping.sweep_tasks() == 1
    assert not Task.objects.exists() and not stored_results()
    assert socket.seen("task")[-1]["forgotten"]


def test_sending_a_result_waits_a_limited_time_for_the_interface(monkeypatch, clock):
    monkeypatch.setattr(broadcast, "time", clock)
    layer = FakeLayer(broadcast.MAX_WAITING_PARTS + 10)
    monkeypatch.setattr(broadcast, "_layer", lambda: layer)
    broadcast.wait_for_capacity("daphne.response.abc!x")
    assert layer.waiting == broadcast.MAX_WAITING_PARTS - 1
    layer.waiting = 10**6
    broadcast.wait_for_capacity("daphne.response.abc!x")
    assert clock.now > 1000 + broadcast.LONGEST_WAIT_SECONDS


def test_downloads_are_rate_limited(alice, enter, settings):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "downloads": (2, 0.01)}
    statuses = [get(socket.browser, f"/api/tasks/{task_id}/result/")[0] for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_result_whose_file_is_missing_is_not_found_and_operators_learn_why(alice, enter, own_files, caplog):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    [name] = stored_results()
    files.delete(name)
    status, content = get(socket.browser, f"/api/tasks/{task_id}/result/")
    assert (status, json.loads(content)["code"]) == (404, "not_found")
    assert "Every process needs the same CHAT_FILES" in caplog.text
