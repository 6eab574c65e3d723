"""
Emoji by the names that Slack, Mattermost and GitHub give them, such as `+1`, `tada` and `flag-de`.

The names are those of the package `emoji`, and a few that only Slack and Mattermost use.
"""

import re
from collections.abc import Callable
from functools import cache

import emoji

from chat.protocol import ChatError, check_emoji

# Slack writes `+1::skin-tone-2`, and Mattermost `+1_light_skin_tone`.
_TONE = re.compile(r"(?:::skin-tone-([2-6])|_((?:medium_)?light|medium|(?:medium_)?dark)_skin_tone)$")
_TONES = {"light": "\U0001f3fb", "medium_light": "\U0001f3fc", "medium": "\U0001f3fd", "medium_dark": "\U0001f3fe"}
_TONES |= {"dark": "\U0001f3ff"}
_TONES |= dict(zip("23456", list(_TONES.values()), strict=True))
_FLAG = re.compile(r"flag-([a-z]{2})")
_NAME = re.compile(r":([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):", re.IGNORECASE)
# Code is in backticks, and an address may contain ":80:".
_CODE_OR_ADDRESS = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`|https?://\S+)", re.DOTALL)
_OTHER_NAMES = {
    "simple_smile": "🙂",
    "the_horns": "🤘",
    "sign_of_the_horns": "🤘",
    "female-technologist": "👩‍💻",
    "male-technologist": "👨‍💻",
    "man-shrugging": "🤷‍♂️",
    "woman-shrugging": "🤷‍♀️",
    "shrug": "🤷",
    "man-facepalming": "🤦‍♂️",
    "woman-facepalming": "🤦‍♀️",
    "face_palm": "🤦",
    "man-bowing": "🙇‍♂️",
    "woman-bowing": "🙇‍♀️",
    "man-gesturing-ok": "🙆‍♂️",
    "woman-gesturing-ok": "🙆‍♀️",
    "man-raising-hand": "🙋‍♂️",
    "woman-raising-hand": "🙋‍♀️",
    "man-running": "🏃‍♂️",
    "woman-running": "🏃‍♀️",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "large_orange_circle": "🟠",
    "large_purple_circle": "🟣",
    "large_brown_circle": "🟤",
    "smiling_face_with_3_hearts": "🥰",
    "heavy_plus_sign": "➕",
    "knife_fork_plate": "🍽️",
    "saluting_face": "🫡",
    "melting_face": "🫠",
    "face_with_peeking_eye": "🫣",
    "heart_hands": "🫶",
}


@cache
def find_emoji(name: str) -> str | None:
    """Return the emoji with a name, in its canonical form, or None. The name may end with a skin tone."""
    name = name.strip(":").lower()
    tone = _TONE.search(name)
    found = _find(name[: tone.start()] if tone else name)
    if found is None:
        return None
    # The tone follows the first character. The other characters are joined to this one.
    toned = tone and _check(found[0] + _TONES[tone[1] or tone[2]] + found[1:].removeprefix("\ufe0f"))
    return toned or _check(found)


def _find(name):
    if name in _OTHER_NAMES:
        return _OTHER_NAMES[name]
    if flag := _FLAG.fullmatch(name):
        return "".join(chr(0x1F1E6 + ord(letter) - ord("a")) for letter in flag[1])
    for form in (name, name.replace("-", "_")):
        text = emoji.emojize(f":{form}:", language="alias")
        if not text.startswith(":"):
            return text
    return None


def _check(symbol):
    try:
        return check_emoji(symbol)
    except ChatError:
        return None


def replace_names(text: str, find: Callable[[str], str | None] = find_emoji) -> str:
    """Return a text with the emoji instead of their names between colons. Code, addresses and other names stay."""
    if ":" not in text:
        return text
    parts = _CODE_OR_ADDRESS.split(text)
    for index in range(0, len(parts), 2):
        parts[index] = _NAME.sub(lambda match: find(match[1]) or match[0], parts[index])
    return "".join(parts)
