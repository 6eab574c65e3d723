"""Helpers for all tests. They do not depend on the chat."""

from contextlib import contextmanager

from django.db import transaction


def fail_with(error):
    """Return a function that takes any arguments and raises `error`."""

    def fail(*arguments, **fields):
        raise error

    return fail


def statements(queries):
    """
    Return the statements of captured queries as (first word, table).

    Statements that begin or end a transaction, or change a setting, are left out.
    """
    found = []
    for query in queries:
        words = query["sql"].split()
        if words[0] in ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "SET"):
            continue
        table = next(word for word in words if word.startswith(('"chat_', '"django_', "chat_")))
        found.append((words[0], table.split(".")[0].strip('"')))
    return found


@contextmanager
def rolled_back():
    """Run a block in a savepoint, and undo at its end what it stored."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
