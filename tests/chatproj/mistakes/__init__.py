"""
Mistakes of operators, as a table: what is wrong, how it is found, and the sentence that reports it.

docs/mistakes.md shows the table to operators. A test compares the page with this package.
"""

from tests.chatproj.mistakes.bench import ROOT, Bench, Mistake, at_deploy, in_file
from tests.chatproj.mistakes.servers_table import MISTAKES as _SERVERS
from tests.chatproj.mistakes.settings_table import MISTAKES as _SETTINGS

__all__ = ["MISTAKES", "PAGE", "Bench", "Mistake", "at_deploy", "in_file", "write_row"]

MISTAKES = [*_SETTINGS, *_SERVERS]
PAGE = ROOT / "docs" / "mistakes.md"


def write_row(mistake):
    """Return the row of a mistake in the table of the page."""
    return f"| {mistake.what} | {mistake.found_by} | {mistake.says} |"
