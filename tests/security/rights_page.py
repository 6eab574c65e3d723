"""The table of docs/rights.md, made from the table in the code. `write_rights` writes it, and a test compares it."""

from pathlib import Path

from chat.services.rights import TABLE, WRITES, table

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "rights.md"
HEAD = "| a person may | public room | private room | direct conversation | board |"
NAMES = {
    table.EVERYBODY: "everybody",
    table.FORMER: "members, banned",
    table.SIGNED_IN: "signed in",
    table.INSIDE: "members",
    table.WRITERS: "writers",
    table.LEAVERS: "leavers",
    table.MODERATORS: "moderators",
    table.MODERATORS | table.OPERATORS: "moderators, operators",
    table.OWNERS: "owners",
    table.OWNERS | table.OPERATORS: "owners, operators",
    table.OPERATORS: "operators",
    table.NOBODY: "nobody",
}


def make_table():
    """Return the lines of the table in Markdown. An action that an archived room refuses has an asterisk."""
    rows = [
        f"| {action.value}{' *' if action in WRITES else ''} | {' | '.join(NAMES[allowed] for allowed in row)} |"
        for action, row in TABLE.items()
    ]
    return "\n".join([HEAD, "|---|---|---|---|---|", *rows])


def read_table():
    """Return the table as the page has it."""
    text = PAGE.read_text()
    return text[text.index(HEAD) :].partition("\n\n")[0].strip()


def write_table():
    """Put the present table into the page."""
    PAGE.write_text(PAGE.read_text().replace(read_table(), make_table()))
