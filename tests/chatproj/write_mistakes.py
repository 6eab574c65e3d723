"""Write the table of mistakes into docs/mistakes.md: run `.venv/bin/python -m tests.chatproj.write_mistakes`."""

import os


def main():
    """Replace everything after the head of the table by one row for each mistake."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.chatproj.mistakes import MISTAKES, PAGE, write_row

    lines = PAGE.read_text().splitlines()
    head = lines.index("|---|---|---|") + 1
    PAGE.write_text("\n".join([*lines[:head], *map(write_row, MISTAKES), ""]))


if __name__ == "__main__":
    main()
