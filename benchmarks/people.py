"""
Create the people of a run in the product's database: rooms, guests, their memberships, and login sessions.

`python -m benchmarks.people` runs in the product's environment. It reads {"people": N, "rooms": {slug: [number, ...]}}
and prints {"cookies": [...]}, the session key of each person by number. It uses only the product's own services.
"""

import json
import sys

import django


def make_people(count: int) -> tuple[list, list[str]]:
    """Create signed-in guests. Return the guests and their session keys."""
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    from chat.services import people

    persons, cookies = [], []
    for number in range(count):
        request = HttpRequest()
        request.session, request.user = SessionStore(), AnonymousUser()
        person = people.sign_up_guest(f"Person {number}")
        people.sign_in(request, person)
        request.session.save()
        persons.append(person)
        cookies.append(request.session.session_key)
    return persons, cookies


def make_rooms(members: dict[str, list[int]], persons: list) -> None:
    """Create the rooms with their members, because the first visit of a person who is no member costs more."""
    from chat.services import rooms

    for slug, numbers in members.items():
        rooms.create_room(None, slug, slug)
        for number in numbers:
            rooms.join_room(persons[number], slug)


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    plan = json.load(sys.stdin)
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        persons, cookies = make_people(plan["people"])
        make_rooms(plan["rooms"], persons)
    print(json.dumps({"cookies": cookies}))


if __name__ == "__main__":
    main()
