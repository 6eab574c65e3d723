"""
Write the catalogue of emoji that the browser's picker loads: `.venv/bin/python bin/make_emoji.py`.

The emoji, their names and their short names come from the package `emoji`. Run this script after an update of that
package. The package knows no groups, so RANGES assigns each emoji to a group by its first character.

Each line of a group is `EMOJI NAME;KEYWORDS`. A `+` in place of the first space means that the emoji has skin tones.
`chat/static/chat/emoji/catalogue.js` reads these lines.
"""

import re
from pathlib import Path

from emoji import EMOJI_DATA, STATUS

TARGET = Path(__file__).resolve().parent.parent / "chat" / "static" / "chat" / "emoji" / "emoji-data.js"
# Phones and desktops from before 2024 have no pictures for newer emoji.
NEWEST_VERSION = 15.1
TONES = "🏻🏼🏽🏾🏿"
PEOPLE = "👨👩🧑"
SELECTOR = "\ufe0f"

HEAD = """// @ts-check
// The emoji of the picker, with their English names. bin/make_emoji.py writes this file: do not edit it.
// Only catalogue.js may import this module.

/** @type {[group: string, symbol: string, lines: string[]][]} */
export const GROUPS = [
"""

# (group, its symbol): the ranges of first characters in the order in which the picker shows them. The first range that
# contains a character decides.
RANGES = {
    ("People and gestures", "👋"): """
        1F44B 1F91A 1F590 270B 1F596 1FAF1-1FAF8 1F44C 1F90C 1F90F 270C 1F91E 1FAF0 1F91F 1F918 1F919
        1F446-1F44A 261D 1F595 1F44D-1F450 270A 1F91B-1F91D 1F64C 1F64F 270D 1F485 1F933 1F4AA 1F9BE-1F9BF
        1F9B5-1F9B6 1F442-1F443 1F9BB 1F932 1F9E0 1FAC0-1FAC1 1F9B7 1F9B4 1F440-1F441 1F444-1F445 1FAE6 1F476
        1F9D2 1F466-1F467 1F9D1 1F468-1F469 1F9D3-1F9D4 1F474-1F475 1F471 1F645-1F647 1F64B 1F64D-1F64E 1F481
        1F9CF 1F926 1F937 1F46E 1F575 1F482 1F977 1F477 1FAC5 1F934 1F478 1F473 1F472 1F9D5 1F935 1F470
        1F930-1F931 1FAC3-1FAC4 1F47C 1F385 1F936 1F9B8-1F9B9 1F9D6-1F9DF 1F9CC 1F486-1F487 1F6B6 1F9CD-1F9CE
        1F483 1F57A 1F574 1F46F 1F6C0 1F6CC 1F46B-1F46D 1F48F 1F491 1F46A 1F5E3 1F464-1F465 1FAC2 1F463
    """,
    ("Smileys and hearts", "😀"): """
        1F600-1F644 1F910-1F917 1F920-1F925 1F927-1F92F 1F970-1F97A 1F9D0 1FAE0-1FAE8 263A 2639 1F47F 1F480 2620
        1F4A9 1F479-1F47B 1F47D-1F47E 1F648-1F64A 2764 1F9E1 1F90D-1F90E 1F5A4 1FA75-1FA77 1F493-1F49F 2763
        1F48B-1F48C 1F4AF 1F4A2 1F4A4-1F4A6 1F4A8 1F4AB-1F4AD 1F573 1F5E8 1F5EF
    """,
    ("Animals and nature", "🐻"): """
        1F400-1F43F 1F54A 1F577-1F578 1F980-1F9AE 1FAB0-1FABD 1FABF 1FACE-1FACF 1F490 1F337-1F33C 1F940
        1F331-1F335 1F33E-1F344 2618 1FAB4-1FABA 1F300-1F321 1F324-1F32C 2600-2604 2614 26A1 26C4-26C8 2744 2728
        2B50 1F525 1F4A7 1FA90
    """,
    ("Food and drink", "🍎"): """
        1F345-1F37F 1F32D-1F330 1F336 1F33D 1F382 1F950-1F96F 1F9C0-1F9CB 1FAD0-1FADB 2615 1F942-1F944 1F3FA
    """,
    ("Activities", "⚽"): """
        1F380-1F381 1F383-1F384 1F386-1F38B 1F38D-1F393 1F396-1F39F 1F3A0-1F3C0 1F3C2-1F3CC 1F3CF-1F3D3
        1F3F8-1F3F9 1F938-1F941 1F945-1F94F 26BD-26BE 26F3 26F7-26F9 1F6A3 1F6B4-1F6B5 1F9E9 1F9F8 1FA80-1FA86
        1FAA9 1F0CF 1F004 2660 2663 2665-2666 265F 1F579 1F52E 1F6F7 1F6F9 1F6FC
    """,
    ("Travel and places", "🚗"): """
        1F680-1F6A2 1F6A4-1F6A8 1F6B2 1F6D1-1F6D2 1F6D5-1F6D7 1F6DC-1F6FB 1F3CD-1F3CE 1F3D4-1F3F0 1F5FA-1F5FF
        26EA-26F6 26FA-26FD 2693 2708 1F54B-1F54D 1F492 1F488 2668 1F550-1F567 231A-231B 23F0-23F3 1F9ED 1F9F3
        1F6CE 1F6CB 1F6CF
    """,
    ("Flags", "🏁"): "1F3C1 1F6A9 1F38C 1F3F3-1F3F4 1F1E6-1F1FF",
    ("Symbols", "✅"): """
        2705 2714 274C 274E 2753-2757 2795-2797 26A0 26D4 1F6AB-1F6AD 1F6AF-1F6B1 1F6B3 1F6B7-1F6BF 1F6C2-1F6C5
        2648-2653 1F500-1F506 1F518-1F51F 1F520-1F524 1F52F-1F53D 1F549 1F54E 1F4F3-1F4F6 1F7E0-1F7F0
        1F170-1F251 0-260D 260F-2691 269B-26CE 26D1-26D2 2716-27BF 2900-3299
    """,
    ("Objects", "💡"): "0-1FFFF",
}

# Words for which people search, and which neither the name nor a short name contains.
KEYWORDS = {
    "😂": "lol haha laugh funny",
    "🤣": "lol haha laugh funny",
    "😄": "happy haha",
    "😀": "happy",
    "😊": "happy thanks",
    "🙂": "happy",
    "😅": "phew",
    "😉": "joke",
    "😍": "love",
    "🥰": "love",
    "😢": "sad",
    "😭": "sad",
    "🙁": "sad",
    "😡": "angry",
    "😎": "cool",
    "🤔": "hmm",
    "😱": "shock omg",
    "😮": "wow surprise",
    "🤯": "mind blown wow",
    "🤷": "dunno",
    "🤦": "oops",
    "😴": "tired",
    "🤒": "ill sick",
    "👍": "yes ok agree good like",
    "👎": "no disagree bad",
    "👌": "fine perfect",
    "👏": "applause bravo congratulations",
    "🙌": "hooray",
    "🙏": "thanks please thank you",
    "💪": "strong",
    "👋": "hello hi bye",
    "👀": "look see",
    "❤️": "love",
    "💔": "sad",
    "🎉": "congratulations celebrate hooray",
    "🎂": "birthday",
    "🔥": "hot",
    "🚀": "launch ship release fast",
    "✅": "done yes ok",
    "✔️": "done yes",
    "❌": "no wrong",
    "⚠️": "careful",
    "💯": "perfect",
    "💡": "idea",
    "🐛": "insect",
    "🔧": "fix",
    "🍻": "cheers",
    "🥂": "cheers",
    "⭐": "favourite",
    "⏰": "time",
    "📅": "date",
    "📎": "attachment",
    "💻": "computer work",
    "🏠": "home",
}


def with_tone(emoji: str, tone: str) -> str:
    """Return an emoji with a skin tone. In a pair of people, both have it. `withTone` in catalogue.js does the same."""
    last = tone if len(emoji) > 1 and emoji[-1] in PEOPLE else ""
    return emoji[0] + tone + emoji[1:].removeprefix(SELECTOR) + last


def has_tones(emoji: str) -> bool:
    return all(with_tone(emoji, tone) in EMOJI_DATA for tone in TONES)


def find_place(emoji: str) -> tuple:
    """Return the group of an emoji, and its place in the order of the group."""
    first = ord(emoji[0])
    for group, ranges in RANGES.items():
        for place, text in enumerate(ranges.split()):
            start, _, end = text.partition("-")
            if int(start, 16) <= first <= int(end or start, 16):
                return group, (place, emoji)
    raise ValueError(f"no group for {emoji}")


def describe(emoji: str) -> str:
    """Return the line of an emoji."""
    facts = EMOJI_DATA[emoji]
    name = facts["en"].strip(":").replace("_", " ")
    known = set(words(name))
    more = [word for alias in facts.get("alias", ()) for word in words(alias)] + KEYWORDS.get(emoji, "").split()
    new = dict.fromkeys(word for word in more if word not in known)
    return f"{emoji}{'+' if has_tones(emoji) else ' '}{name}{';' if new else ''}{' '.join(new)}"


def words(text: str) -> list[str]:
    return re.findall(r"[\w+-]+", text.replace("_", " ").strip(":").lower())


def find_emoji() -> list[str]:
    """Return the emoji of the catalogue, without those that only add a skin tone to another emoji."""
    return [
        emoji
        for emoji, facts in EMOJI_DATA.items()
        if facts["status"] == STATUS["fully_qualified"]
        and facts["E"] <= NEWEST_VERSION
        and not any(tone in emoji for tone in TONES)
    ]


def make_module() -> str:
    """Return the text of the JavaScript module."""
    groups: dict = {group: [] for group in RANGES}
    for emoji in find_emoji():
        group, place = find_place(emoji)
        groups[group].append((place, emoji))
    order = ["Smileys and hearts", *(name for name, _ in RANGES if name != "Smileys and hearts")]
    text = HEAD
    for (name, symbol), found in sorted(groups.items(), key=lambda item: order.index(item[0][0])):
        lines = "".join(f'    "{describe(emoji)}",\n' for _, emoji in sorted(found))
        text += f'  ["{name}", "{symbol}", [\n{lines}  ]],\n'
    return text + "];\n"


if __name__ == "__main__":
    TARGET.write_text(make_module(), encoding="utf-8")
    print(f"Wrote {TARGET}")
