"""A language for tests: each text that is translated stands in brackets, and the others are easy to find."""

import contextlib
from gettext import NullTranslations
from html.parser import HTMLParser

from django.utils.translation import trans_real

OPEN, CLOSE = "⟦", "⟧"
READ_ALOUD = ("title", "placeholder", "aria-label", "alt")


class Brackets(NullTranslations):
    """A catalogue that puts each text in brackets."""

    def __init__(self, language):
        super().__init__()
        self.__language = language

    def gettext(self, message):
        return f"{OPEN}{message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}{CLOSE}"

    def ngettext(self, singular, plural, number):
        return self.gettext(singular if number == 1 else plural)

    def language(self):
        return self.__language

    def to_language(self):
        return self.__language


@contextlib.contextmanager
def bracketed(language="de"):
    """Use brackets as the translations of a language, until the end of the block."""
    before = trans_real.translation(language)
    trans_real._translations[language] = Brackets(language)
    try:
        yield
    finally:
        trans_real._translations[language] = before


class Plain(HTMLParser):
    """The texts of a page that are not in brackets, without data and elements that have a language of their own."""

    def __init__(self, page):
        super().__init__()
        self.texts, self._depth, self._skipped = [], 0, None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        is_data = tag in ("script", "style") or attributes.get("id") == "first-view"
        is_foreign = is_data or ("lang" in attributes and tag != "html")
        self._skipped = self._skipped or (tag if is_foreign else None)
        self.texts += [value for name, value in attributes.items() if name in READ_ALOUD and self._is_plain(value)]

    def handle_endtag(self, tag):
        if tag == self._skipped:
            self._skipped = None

    def handle_data(self, data):
        for character in data:
            self._depth += (character == OPEN) - (character == CLOSE)
        if OPEN not in data and CLOSE not in data and not self._depth and not self._skipped and self._is_plain(data):
            self.texts.append(data.strip())

    def _is_plain(self, text):
        return OPEN not in text and any(character.isalpha() for character in text)
