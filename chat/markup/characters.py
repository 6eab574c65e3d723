"""Classes of characters that the rules of Markdown ask about: borders of words, scripts without spaces."""

import re
import unicodedata

# Scripts whose words touch each other or their particles:
# Thai, Lao, Tibetan, Burmese, Khmer, Chinese, Japanese, Korean.
_SPACELESS = re.compile(
    "["
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u302f\u3031-\u30fa"
    "\u30fc-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc"
    "\U00016fe0-\U00018aff\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)
# These characters follow an emoji and belong to it: variation selectors, the joiner, the keycap, skin tones.
_PART_OF_EMOJI = re.compile("[\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff]")


def is_spaceless(character: str) -> bool:
    """Return whether a letter belongs to a script that puts no spaces around its words."""
    return _SPACELESS.match(character) is not None and unicodedata.category(character)[0] in "LMN"


def is_border(character: str) -> bool:
    """Return whether a character ends a word: white space, punctuation, a symbol, an emoji, a control character."""
    if character.isspace() or _PART_OF_EMOJI.match(character):
        return True
    category = unicodedata.category(character)
    # The modifier symbols (^ ` ´ ¨ ¯) are parts of emoticons such as ^^, so a word does not end at them.
    return category[0] in "PSZC" and category != "Sk"
