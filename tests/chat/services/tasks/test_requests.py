"""Requests about tasks: starting them, and the connections that receive their states."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Member, Room, Task
from chat.services import rooms, tasks
from chat.services.tasks import claims, running
from tests import wire
from tests.chat.services.tasks.helpers import JSON, get, start, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_task_is_acknowledged_and_its_states_are_published(alice, enter):
    socket = enter(alice)
    socket.post("r1", "Hello")
    answer = start(socket)
    task = Task.objects.get()
    assert answer == {"type": "ack", "ref": "x1", "id": None, "offset": None, "task_id": task.id}
    assert [event["type"] for event in socket.events[-4:]] == ["ack", "task", "task", "task"]
    assert states(socket) == ["queued", "running", "done"]
    last = socket.seen("task")[-1]
    assert last == {
        "type": "task",
        "ref": "x1",
        "task_id": task.id,
        "task": "export",
        "params": JSON,
        "state": "done",
        "progress": 100,
        "result": f"/api/tasks/{task.id}/result/",
        "size": task.result_size,
    }
    status, content = get(socket.browser, last["result"])
    assert status == 200 and len(content) == last["size"]
    assert [message["body"] for message in json.loads(content)["messages"]] == ["Hello"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"task": "export"}, "missing_field"),
        ({"params": JSON}, "missing_field"),
        ({"task": "export", "params": {}}, "missing_field"),
        ({"task": "export", "params": {"from": None, "to": None}}, "missing_field"),
        ({"task": "bake", "params": JSON}, "invalid_field"),
        ({"task": 7, "params": JSON}, "invalid_field"),
        ({"task": "export", "params": []}, "invalid_field"),
        ({"task": "export", "params": None}, "invalid_field"),
        ({"task": "export", "params": {"format": "pdf"}}, "invalid_field"),
        ({"task": "export", "params": {"format": ["json"]}}, "invalid_field"),
        ({"task": "export", "params": {"format": None}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "from": "yesterday"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "from": 1700000000}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "2026-02-30"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "2026-11-20T25:00:00Z"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "2026-11-20T10:00:00"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "to": "9999-12-31"}}, "invalid_field"),
        ({"task": "export", "params": {**JSON, "from": "2026-11-20", "to": "2026-11-19"}}, "invalid_field"),
    ],
)
def test_an_invalid_start_is_rejected(alice, enter, event, code):
    socket = enter(alice)
    answer = socket.ask("start", ref="x1", **event)
    assert (answer["type"], answer["code"]) == ("rejected", code)
    assert not Task.objects.exists() and socket.seen("task") == []
    # The rejected ref can be used again.
    assert start(socket)["type"] == "ack"


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T09:30Z", "2026-11-20T09:30:00.000Z"),
        ("2026-11-20", None),
        (None, "2026-11-20T09:30:00Z"),
    ],
)
def test_an_export_accepts_days_and_times(alice, enter, since, until):
    answer = enter(alice).ask("start", ref="x1", task="export", params={"format": "csv", "from": since, "to": until})
    assert answer["type"] == "ack"


def test_a_repeated_ref_gets_the_same_ack_and_the_state(alice, enter, no_workers):
    socket = enter(alice)
    first = start(socket)
    assert start(socket) == first
    assert start(enter(alice), params={"format": "json", "and": "an unknown parameter"}) == first
    assert Task.objects.count() == 1 and len(no_workers) == 1
    assert states(socket) == ["queued"] * 3
    assert start(socket, params={**JSON, "format": "csv"})["code"] == "ref_conflict"
    assert start(socket, task="statistics", params={})["code"] == "ref_conflict"
    assert socket.ask("post", ref="x1", body="Hello")["code"] == "ref_conflict"


def test_the_ref_of_a_deleted_task_gets_the_same_ack(alice, enter):
    socket = enter(alice)
    first = start(socket)
    tasks.delete_task(alice, first["task_id"])
    assert start(socket) == first
    assert not Task.objects.exists()


@pytest.mark.parametrize("role", [Member.GUEST, Member.MUTED, Member.MEMBER, Member.MODERATOR])
def test_everybody_who_may_read_the_room_can_start_a_task(bob, enter, role):
    rooms.apply_role(rooms.join_room(bob, "garden") if enter(bob) else None, role)
    assert start(enter(bob))["type"] == "ack"


def test_tasks_are_refused_on_boards(alice, enter):
    socket = enter(alice)
    Room.objects.update(access=Room.BOARD)
    assert start(socket)["code"] == "forbidden"


def test_the_number_of_unfinished_tasks_of_a_person_is_limited(alice, bob, enter, no_workers, settings):
    settings.CHAT_MAX_UNFINISHED_TASKS = 2
    socket = enter(alice)
    first = start(socket, "x1")
    start(socket, "x2")
    refusal = start(socket, "x3")
    assert (refusal["code"], refusal["retry_after"]) == ("rate_limited", 10.0)
    assert start(socket, "x1") == first, "a repeated ref starts no new task"
    assert start(enter(bob), "x1")["type"] == "ack"
    Task.objects.filter(ref="x1").update(state=Task.FAILED)
    assert start(socket, "x3")["type"] == "ack"


def test_unfinished_tasks_are_not_limited_if_limits_are_off(alice, enter, no_workers, settings):
    settings.CHAT_LIMITS_ON = False
    socket = enter(alice)
    assert all(start(socket, f"x{number}")["type"] == "ack" for number in range(5))


def test_a_task_is_published_only_to_the_persons_own_tabs(alice, bob, enter):
    socket, second_tab, bobs_tab = enter(alice), enter(alice), enter(bob)
    start(socket)
    assert states(second_tab) == states(socket) == ["queued", "running", "done"]
    assert bobs_tab.seen("task") == []


def test_a_reconnecting_client_receives_its_tasks_after_the_backlog(alice, bob, enter, no_workers):
    socket = enter(alice)
    start(socket, "x1")
    start(socket, "x2")
    running.run_task(Task.objects.get(ref="x1").id)
    again = enter(alice)
    assert [event["type"] for event in again.events[-3:]] == ["synced", "task", "task"]
    assert [(event["ref"], event["state"]) for event in again.seen("task")] == [("x1", "done"), ("x2", "queued")]
    Task.objects.filter(ref="x1").update(expires_at=timezone.now())
    assert states(enter(alice), "x1") == []
    assert enter(bob).seen("task") == []


def test_a_connect_reads_the_tasks_in_one_statement(alice, room):
    browser = wire.browser_of(alice)
    member = rooms.join_room(alice, "garden")
    for number in range(30):
        Task.objects.create(
            person=alice,
            room=room,
            kind="export",
            ref=f"x{number}",
            params="{}",
            upto=0,
            expires_at=timezone.now() + timedelta(hours=1),
        )
    with CaptureQueriesContext(connection) as queries:
        socket = wire.Socket("/chat/garden/", browser).connect()
    assert len([query for query in queries if 'FROM "chat_task"' in query["sql"]]) == 1
    # Only the newest tasks are sent, oldest first.
    assert [event["ref"] for event in socket.seen("task")] == [f"x{number}" for number in range(20, 30)]
    assert member.role == Member.OWNER


def test_an_unfinished_task_has_no_result(alice, enter, no_workers):
    socket = enter(alice)
    task_id = start(socket)["task_id"]
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 404
    claims.claim_task(task_id)
    assert get(socket.browser, f"/api/tasks/{task_id}/result/")[0] == 404
