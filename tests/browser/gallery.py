"""
The gallery: screenshots of the states of the pages, as files in test-results/ for people to look at.

A test that brings a page into a state keeps a screenshot of that state here. No test compares these files.
"""

import re
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
# The theme that the person has chosen, or else the theme of the system.
_IS_DARK = """() => {
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return scheme === "dark" || (scheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}"""
_LONGEST_NAME = 80  # characters


def keep_screenshot(page, name, **options):
    """
    Write a screenshot of the page in its present state: `<name>-<width>-<theme>.png`. The theme is `light` or `dark`.

    `name` may be any text: the file's name has its words in lower case. `options` are options of playwright.
    """
    theme = "dark" if page.evaluate(_IS_DARK) else "light"
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{_to_file_name(name)}-{page.viewport_size['width']}-{theme}.png"
    page.screenshot(path=path, **options)


def keep_in_both_themes(page, name, **options):
    """Write a screenshot in dark and in light colours. Afterwards, the page is light."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        keep_screenshot(page, name, **options)


def _to_file_name(name):
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:_LONGEST_NAME]
