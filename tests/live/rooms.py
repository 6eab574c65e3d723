"""Rooms in the database, also rooms with a long history, and the memory of the processes that read them."""

from pathlib import Path

# Realistic messages: most are one line, with or without markup or a link. The others are lists. Some have a reaction.
FILL = """
def fill(slug, count):
    from datetime import timedelta
    from django.utils import timezone
    from chat.models import Message, Person, Reaction, Room
    room, people, now = Room.objects.get(slug=slug), list(Person.objects.all()[:5]), timezone.now()
    bodies = [
        "Number %d: a line of plain words, as most messages are, not a long and not a short one.",
        "Number %d is **bold**, and says `print()`.",
        "Number %d: see https://example.org/ for the explanation, and <b>no</b> HTML.",
        "Number %d, a list:\\n\\n- one\\n- two & three\\n- =1+1, a formula",
    ]
    for start in range(1, count + 1, 5000):
        Message.objects.bulk_create([
            Message(
                room=room, number=number, offset=number, author=people[number % len(people)], ref=f"fill-{number}",
                body=bodies[number % 7 % 4] % number, created_at=now - timedelta(seconds=60 * (count - number)),
            )
            for number in range(start, min(start + 5000, count + 1))
        ])
    some = Message.objects.filter(room=room, number__lte=count // 10).values_list("id", flat=True)
    Reaction.objects.bulk_create([Reaction(message_id=id, person=people[0], emoji="🎉") for id in some])
    Room.objects.filter(id=room.id).update(offset=count, last_at=now)
"""


def fill(site, slug, count):
    """Store `count` messages in an empty room, as if they had been posted a minute apart."""
    site.manage("shell", "-c", f"{FILL}\nfill({slug!r}, {count})")


def find_room_id(site, slug):
    """Return the id of a room's row."""
    return site.database.query("SELECT id FROM chat_room WHERE slug = %s", slug)[0][0]


def find_member_id(site, slug, person):
    """Return the id of the row that makes a person a member of a room."""
    [(found,)] = site.database.query(
        "SELECT m.id FROM chat_member m JOIN chat_room r ON r.id = m.room_id JOIN chat_person p ON p.id = m.person_id"
        " WHERE r.slug = %s AND p.handle = %s",
        slug,
        person.handle,
    )
    return found


def reset_peak_memory(pid):
    """Reset a process' peak memory. Linux only."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory_mb(pid, kind="VmRSS"):
    """Return the memory of a process in MB: VmRSS, or its peak, VmHWM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(kind)
