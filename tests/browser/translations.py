"""
The check that nothing on a page is in English: it finds the texts that have a translation, and that a page still shows
in English.
"""

import re

import polib

from tests.live.processes import ROOT

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
MIN_LETTERS = 6
# The title of a page is read too. Names and texts of people are not translated, nor are names in code.
READ_TEXTS = """() => {
    const names = "bdi, a[dir=auto], option[lang], #room-name, #room-topic, .body";
    const foreign = `${names}, code, pre, kbd, [dir=ltr], script, datalist`;
    const texts = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (element.closest(foreign)) continue;
        if (element !== node) texts.push(node.data);
        else for (const name of ["title", "aria-label", "placeholder", "alt"]) texts.push(node.getAttribute(name));
    }
    return texts.filter(Boolean).map((text) => text.replace(/\\s+/g, " ").trim());
}"""


class Catalogue:
    """The translations into a language, of the server and of the browser's code."""

    def __init__(self, name):
        self.sources = {}
        for domain in ("django", "djangojs"):
            for entry in polib.pofile(str(ROOT / "chat" / "locale" / name / "LC_MESSAGES" / f"{domain}.po")):
                plurals = list(entry.msgstr_plural.values()) or [entry.msgstr]
                for source in filter(None, (entry.msgid, entry.msgid_plural)):
                    self.sources.setdefault(source, set()).update(plurals)
        translations = set().union(*self.sources.values())
        english = [source for source in self.sources if source not in translations and "<" not in source]
        assert len(english) > 500, "the catalogue is not translated, so nothing would be found"
        self.english = re.compile("|".join(self._pattern(source) for source in english))

    def __getitem__(self, source):
        return next(iter(self.sources[source]))

    @staticmethod
    def _pattern(source):
        """Return a pattern of a text with any values in the place of its placeholders."""
        pieces = PLACEHOLDER.split(" ".join(source.split()))
        # The pattern of "%(author)s in %(room)s" would match German sentences too.
        is_clear = len(pieces) == 1 or len("".join(re.findall(r"[^\W\d_]", "".join(pieces)))) >= MIN_LETTERS
        return ".+".join(map(re.escape, pieces)) if is_clear else "(?!)"

    def find_english(self, page):
        """Return the texts of a page that have a translation, but are in English."""
        return [text for text in page.evaluate(READ_TEXTS) if self.english.fullmatch(text)]
