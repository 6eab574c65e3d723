"""
The checks with which most fault tests end. They compare the clients with the database:

* The acked changes are the stored ones, each once.
* The offsets have no gaps.
* Every tab shows the messages of the database, each once.
"""

import asyncio
import collections
import json
import time


def stored_messages(site, slug):
    """Return the messages of a room in the database: {id: what members see of the message}."""
    rows = site.database.query(
        'SELECT m.id, m.number, m."offset", m.ref, m.body, m.edited_at, m.removed_at, m.reply_to, p.handle'
        " FROM chat_message m JOIN chat_room r ON r.id = m.room_id JOIN chat_person p ON p.id = m.author_id"
        " WHERE r.slug = %s ORDER BY m.number",
        slug,
    )
    reactions = collections.defaultdict(lambda: collections.defaultdict(set))
    for row, emoji, handle in site.database.query(
        "SELECT x.message_id, x.emoji, p.handle FROM chat_reaction x JOIN chat_person p ON p.id = x.person_id"
        " JOIN chat_message m ON m.id = x.message_id JOIN chat_room r ON r.id = m.room_id WHERE r.slug = %s",
        slug,
    ):
        reactions[row][emoji].add(handle)
    return {
        number: {
            "offset": offset,
            "ref": ref,
            "body": body,
            "edited": edited is not None,
            "removed": removed is not None,
            "reply_to": reply_to,
            "author": handle,
            "reactions": dict(reactions[row]),
        }
        for row, number, offset, ref, body, edited, removed, reply_to, handle in rows
    }


def stored_changes(site, slug):
    """Return [(ref, id, offset)] of all changes in a room."""
    return site.database.query(
        'SELECT c.ref, c.number, c."offset" FROM chat_change c JOIN chat_room r ON r.id = c.room_id WHERE r.slug = %s',
        slug,
    )


def shown_messages(tab):
    """Return the messages of a tab, in the form of `stored_messages`."""
    return {
        id: {
            "offset": message["offset"],
            "ref": message["ref"],
            "body": message["body"] or "",
            "edited": message["edited_at"] is not None,
            "removed": bool(message["removed"]),
            "reply_to": message["reply_to"],
            "author": message["author"]["handle"],
            "reactions": {emoji: set(handles) for emoji, handles in (message["reactions"] or {}).items() if handles},
        }
        for id, message in sorted(tab.messages.items())
    }


async def wait_until_complete(site, tabs, seconds):
    """Wait until all tabs have all answers and their room's last offset. Return how many seconds that took."""
    started = time.monotonic()
    slugs = sorted({tab.slug for tab in tabs})
    while True:
        offsets = {slug: await asyncio.to_thread(site.room_offset, slug) for slug in slugs}
        late = [tab for tab in tabs if tab.outbox or not tab.is_joined or tab.cursor != offsets[tab.slug]]
        if not late:
            return time.monotonic() - started
        for tab in tabs:
            if tab._run_task.done():
                tab._run_task.result()
                raise AssertionError(f"the client has stopped: {tab}")
        assert time.monotonic() - started < seconds, f"after {seconds} s {len(late)} of {len(tabs)} are incomplete:" + (
            "".join(f"\n{offsets[tab.slug]} {tab}" for tab in late[:5])
        )
        await asyncio.sleep(0.1)


def check(site, tabs):
    """
    Check the rooms of these tabs. Return the number of changes that the rooms store.

    `tabs` must include every tab that has changed one of these rooms.
    """
    total = 0
    for slug in sorted({tab.slug for tab in tabs}):
        here = [tab for tab in tabs if tab.slug == slug]
        _check_room(site, slug, here)
        total += len(stored_changes(site, slug))
    return total


def _check_room(site, slug, tabs):
    changes = stored_changes(site, slug)
    where = f"room {slug}"
    _check_offsets(site, slug, changes, where)
    _check_answers(changes, tabs, where)
    stored = stored_messages(site, slug)
    refs = [message["ref"] for message in stored.values()]
    assert len(refs) == len(set(refs)), f"{where}: a message is stored twice"
    for tab in tabs:
        shown = shown_messages(tab)
        assert shown == stored, f"{where}: {tab} shows something else: {_difference(shown, stored)}"


def _check_offsets(site, slug, changes, where):
    # A reaction that changes nothing is acked with the offset of an earlier change.
    offset = site.room_offset(slug)
    assert {offset for _, _, offset in changes} == set(range(1, offset + 1)), f"{where}: offsets have gaps"


def _check_answers(changes, tabs, where):
    stored = {ref: (id, offset) for ref, id, offset in changes}
    acked, rejected = {}, set()
    for tab in tabs:
        assert set(tab.sent) == set(tab.answers), f"{where}: unanswered: {set(tab.sent) - set(tab.answers)}"
        for ref, answer in tab.answers.items():
            if answer["type"] == "ack":
                acked[ref] = answer["id"], answer["offset"]
            else:
                rejected.add(ref)
                # A change of a removed message is rejected with this code. No other code is possible.
                assert answer["code"] == "not_found", f"{where}: {answer}"
        for event in tab.events:
            if event["type"] == "ack":
                assert (event["id"], event["offset"]) == acked[event["ref"]], f"{where}: two acks differ: {event}"
    assert acked == stored, f"{where}: acked and stored differ: {_difference(acked, stored)}"
    assert not rejected & set(stored), f"{where}: rejected, but stored"


def _difference(one, other):
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    found = [f"{key}: {one.get(key)} instead of {other.get(key)}" for key in keys[:5]]
    return json.dumps(found, ensure_ascii=False, default=str) + f" ({len(keys)} in all)"
