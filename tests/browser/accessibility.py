"""
The check of a page's accessibility with axe-core. `bin/test` installs axe-core with the tools for the browser's code.

The check covers WCAG 2.2 A and AA, and the best practices of axe-core.
"""

import os
from pathlib import Path

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import keep_screenshot

AXE = Path(__file__).resolve().parent.parent / "js" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A wider page shows its list of rooms, the conversation and the people side by side.
LARGEST_TABLET_PX = 1100
# A stylesheet of Django's admin imports another one. axe-core would copy it into an inline style, and the policy would
# block this style.
_RUN = """async (tags) => {
  const preload = !location.pathname.startsWith("/admin/");
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ["violations"], preload });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => (
    `${id}: ${target.join(" ")}: ${failureSummary.split("\\n").slice(1).join("; ").trim()}`
  )));
}"""


def requires_axe():
    """Return a mark that skips tests where axe-core is not installed. In CI these tests fail instead."""
    is_missing = not AXE.exists() and not os.environ.get("CI")
    return pytest.mark.skipif(is_missing, reason="axe-core is not installed here (cd tests/js && npm ci)")


def assert_accessible(page, what, without=()):
    """
    Fail with the list of violations, each with its rule and its element, if the page has any in its present state.

    The page is checked in light and in dark colours, at its own size and at the size of a phone. The gallery keeps a
    screenshot of each check, under the name `what`. `without` names rules that do not apply to this state.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    before = page.viewport_size
    for size in _choose_sizes(before):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            # With reduced motion, colours and positions change at once. The check then sees their final values.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            lines = [line for line in page.evaluate(_RUN, RULES) if line.partition(":")[0] not in without]
            found += [f"{scheme}, {size['width']} px: {line}" for line in lines]
            keep_screenshot(page, what)
    page.set_viewport_size(before)
    assert not found, f"{what}:\n" + "\n".join(found)


def _choose_sizes(before):
    """Return the sizes for the checks of a page: its own size, and a phone. DESKTOP stands for all desktop sizes."""
    own = DESKTOP["viewport"] if before["width"] > LARGEST_TABLET_PX else before
    return [own] if own == PHONE["viewport"] else [own, PHONE["viewport"]]
