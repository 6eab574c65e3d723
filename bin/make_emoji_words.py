"""
Write the names of the emoji, and the words with which people search for them, in the languages of the pages.

The words are annotations of Unicode CLDR, in two packages of npm. Run this script after an update of the catalogue of
emoji (`bin/make_emoji.py`):

    npm install --prefix /tmp/cldr cldr-annotations-full@48.2.0 cldr-annotations-derived-full@48.2.0
    .venv/bin/python bin/make_emoji_words.py /tmp/cldr/node_modules

The script writes `chat/static/chat/languages/emoji-*.js`. Each file contains `{emoji: "NAME;WORDS"}`, with the emoji in
the order of the catalogue. `WORDS` are words that are not in the name. `chat/static/chat/emoji/catalogue.js` reads the
files.
"""

import argparse
import json
import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "chat" / "static" / "chat" / "languages"
CATALOGUE = runpy.run_path(str(ROOT / "bin" / "make_emoji.py"))
# The names of the languages: on our pages, and in CLDR.
LANGUAGES = {"ar": "ar", "de": "de", "es": "es", "fr": "fr", "ja": "ja", "ko": "ko", "zh-hans": "zh"}
# (package, folder and key of its annotations). The second package has sequences, such as flags and families.
PACKAGES = (("cldr-annotations-full", "annotations"), ("cldr-annotations-derived-full", "annotationsDerived"))

HEAD = """// @ts-check
// The names of emoji, and words with which people search. bin/make_emoji_words.py writes this file: do not edit it.
// The words are from Unicode CLDR 48, under the Unicode License, https://www.unicode.org/license.txt:
// copyright 2004-2026 Unicode, Inc.

/** @type {import("../ui/translation.js").Catalogue} */
export default """


def list_emoji() -> list[str]:
    """Return the emoji of the catalogue, in its order."""
    text = CATALOGUE["TARGET"].read_text(encoding="utf-8")
    return re.findall(r'^    "(\S+?)[ +]', text, re.MULTILINE)


def read_annotations(packages: Path, language: str) -> dict[str, dict[str, list[str]]]:
    """Return CLDR's annotations by emoji: `tts` has the name, and `default` has words."""
    found: dict = {}
    for package, key in PACKAGES:
        text = (packages / package / key / language / "annotations.json").read_text(encoding="utf-8")
        found = {**json.loads(text)[key]["annotations"], **found}
    return found


def describe(facts: dict[str, list[str]]) -> str:
    """Return the name of an emoji, and the words that its name does not contain."""
    name = facts["tts"][0]
    known = set(split_words(name))
    words = dict.fromkeys(word for text in facts.get("default", ()) for word in split_words(text) if word not in known)
    return f"{name}{';' if words else ''}{' '.join(words)}"


def split_words(text: str) -> list[str]:
    return re.findall(r"[\w+-]+", text.lower())


def write_script(words: dict[str, str]) -> str:
    """Return the text of the JavaScript module."""
    return f"{HEAD}{json.dumps(words, ensure_ascii=False, indent=0)};\n"


def main() -> None:
    """Write the file of each language."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("packages", type=Path, help="the folder node_modules that contains the packages of CLDR")
    packages = parser.parse_args().packages
    for language, cldr_name in LANGUAGES.items():
        annotations = read_annotations(packages, cldr_name)
        # CLDR leaves out the character that selects the coloured picture of an emoji.
        words = {emoji: describe(annotations[emoji.replace(CATALOGUE["SELECTOR"], "")]) for emoji in list_emoji()}
        path = SCRIPTS / f"emoji-{language}.js"
        path.write_text(write_script(words), encoding="utf-8")
        print(f"Wrote {path}")


if __name__ == "__main__":
    main()
