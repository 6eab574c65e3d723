"""
Write rights.txt as the site answers now, and the table of docs/rights.md as the code has it.

Run `.venv/bin/python -m tests.security.write_rights`, and review each difference.
"""

import os
from contextlib import nullcontext
from pathlib import Path

HEAD = """# Who may do what, by each way in, in each kind of room. tests/security/ways.py sends the requests.
#   +  done, or in the list      -  not in the list      s  the client must sign in      f  forbidden
#   m  muted                     n  there is no such thing                               .  not offered
# Each column has ten signs, for the standings in this order:
#   {standings}
# tests/security/test_rights.py checks each sign. tests/security/write_rights.py writes this file: review each change.
"""


def main():
    """Ask for each cell, and write the table."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.db import connection
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    connection.creation.create_test_db(verbosity=0)
    from tests.security import rights_page
    from tests.security.world import STANDINGS, open_world

    with open_world(nullcontext) as world:
        lines = list(make_lines(world))
    text = HEAD.format(standings=", ".join(STANDINGS)) + "\n".join(lines) + "\n"
    (Path(__file__).parent / "rights.txt").write_text(text)
    rights_page.write_table()


def make_lines(world):
    """Yield the lines of the table."""
    from tests.security.rows import ROWS
    from tests.security.world import KINDS

    widths = 11, 26, 10
    yield format_line(["# way", "row", *KINDS], widths)
    for way, rows in ROWS.items():
        yield ""
        for name, row in rows.items():
            signs = [ask_all(world, row, kind) for kind in KINDS]
            yield format_line([way, name, *signs], widths)


def format_line(cells, widths):
    padded = [cell.ljust(widths[min(index, 2)]) for index, cell in enumerate(cells)]
    return " | ".join(padded).rstrip()


def ask_all(world, row, kind):
    """Return the signs of all standings."""
    from channels import DEFAULT_CHANNEL_LAYER, channel_layers

    from chat.services import limits
    from chat.store import store
    from tests.helpers import rolled_back
    from tests.security.world import STANDINGS

    if kind not in row.kinds:
        return "." * len(STANDINGS)
    found = ""
    for standing in STANDINGS:
        channel_layers[DEFAULT_CHANNEL_LAYER].flush()
        store.clear()
        limits.forget_people()
        with rolled_back():
            sign = row.ask(world, kind, standing)
        found += sign
    return found


if __name__ == "__main__":
    main()
