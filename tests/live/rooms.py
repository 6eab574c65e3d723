"""
Rooms with a long history, and the memory of the processes that read them.
"""

from pathlib import Path

# Realistic messages: most are a line of words; some have markup, a link or a list; and some have a reaction.
FILL = """
def fill(slug, count):
    from datetime import timedelta
    from django.utils import timezone
    from chat.models import Message, Person, Reaction, Room
    room, people, now = Room.objects.get(slug=slug), list(Person.objects.all()[:5]), timezone.now()
    bodies = [
        "Number %d: nothing but words, as most of what is said, and neither long nor short.",
        "Number %d is **bold**, and says `print()`.",
        "Number %d: see https://example.org/ for what was meant, and <b>no</b> HTML.",
        "Number %d, a list:\\n\\n- one\\n- two & three\\n- =1+1, as it were",
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


def reset_peak_memory(pid):
    """Reset a process' peak memory. Linux only."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory_mb(pid, kind="VmRSS"):
    """Return the memory of a process in MB: VmRSS, or its peak, VmHWM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(kind)
