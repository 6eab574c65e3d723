"""
Collect the texts that can be translated, and compile the translations: `.venv/bin/python bin/make_languages.py`.

The script needs GNU gettext (Debian: `apt-get install gettext`).

1. Run the script after a change of a text.
2. Translate the new texts in `chat/locale/*/LC_MESSAGES/`: `django.po` has the texts of pages and of Python code,
   `djangojs.po` has the texts of the browser's code.
3. Run the script again. It writes the compiled catalogues: `django.mo` for Django, and
   `chat/static/chat/languages/*.js` for browsers. `errors-*.js` there contain the translated error texts,
   because sockets send errors in English.

With `--compile` the script only compiles, and needs no gettext.
"""

import argparse
import ast
import json
import os
import re
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "chat" / "locale"
SCRIPTS = ROOT / "chat" / "static" / "chat" / "languages"
LANGUAGES = ("ar", "de", "es", "fr", "ja", "ko", "zh_Hans")
DOMAINS = {"django": ["html", "py"], "djangojs": ["js"]}
# Folders whose texts are not translated.
EXCLUDED = ["tests", "benchmarks", "var", ".venv*", "node_modules", "channels_transport", "bin", "vendor", "languages"]
CONTEXT_END = "\u0004"
HEAD = """// @ts-check
// The translations of the browser's texts. bin/make_languages.py writes this file: do not edit it.

/** @type {import("../ui/translation.js").Catalogue} */
export default """


def collect(locale: Path) -> None:
    """Add new texts to the catalogues in a folder, and remove texts that no file contains."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproj.settings")
    os.environ.setdefault("SECRET_KEY", "no request is answered")
    import django
    from django.core.management.commands.makemessages import Command
    from django.test.utils import override_settings

    django.setup()
    os.chdir(ROOT)
    # A guessed translation is worse than the English text.
    Command.msgmerge_options = ["-q", "--no-fuzzy-matching"]
    # The second argument of a ChatError is the text of an error. chat.http.responses translates it.
    Command.xgettext_options = [*Command.xgettext_options, "--keyword=ChatError:2"]
    folders = [locale / name / "LC_MESSAGES" for name in LANGUAGES]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    with override_settings(LOCALE_PATHS=[str(locale)]):
        for domain, extensions in DOMAINS.items():
            ignored = EXCLUDED + (["chat/locale"] if locale != LOCALE else [])
            django.core.management.call_command(
                Command(),
                locale=list(LANGUAGES),
                domain=domain,
                extensions=extensions,
                ignore_patterns=ignored,
                no_location=True,
                no_wrap=True,
                no_obsolete=True,
                verbosity=0,
            )
            for folder in folders:
                _clean(folder / f"{domain}.po")


def _clean(path: Path) -> None:
    """Remove the header fields that no tool reads, such as dates, from a catalogue. Give each plural all its forms."""
    catalogue = polib.pofile(str(path), wrapwidth=0)
    forms = int(re.search(r"nplurals=(\d)", catalogue.metadata["Plural-Forms"])[1])
    catalogue.header = ""
    catalogue.metadata_is_fuzzy = False
    kept = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms")
    catalogue.metadata = {"Language": path.parent.parent.name} | {name: catalogue.metadata[name] for name in kept}
    for entry in catalogue:
        if entry.msgid_plural:
            entry.msgstr_plural = {form: entry.msgstr_plural.get(form, "") for form in range(forms)}
    catalogue.save()


def compile_all(locale: Path, scripts: Path) -> None:
    """Write `django.mo` beside each `django.po`, and a script for each `djangojs.po`."""
    scripts.mkdir(parents=True, exist_ok=True)
    texts = find_error_texts()
    for name in LANGUAGES:
        folder = locale / name / "LC_MESSAGES"
        catalogue = polib.pofile(str(folder / "django.po"))
        catalogue.save_as_mofile(str(folder / "django.mo"))
        script = write_script(polib.pofile(str(folder / "djangojs.po")))
        file_name = f"{name.lower().replace('_', '-')}.js"
        (scripts / file_name).write_text(script, encoding="utf-8")
        errors = polib.POFile()
        errors.extend(entry for entry in catalogue if entry.msgid in texts)
        (scripts / f"errors-{file_name}").write_text(write_script(errors), encoding="utf-8")


def find_error_texts() -> set[str]:
    """
    Return the English texts of all errors that sockets send.

    These are the second arguments of the calls of ChatError, and what gettext_noop marks: why a task has failed.
    """
    places = {"ChatError": 1, "gettext_noop": 0}
    found = set()
    for path in (ROOT / "chat").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                place = places.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
                if place is not None and len(node.args) > place:
                    found.add(getattr(node.args[place], "value", None))
    return found - {None}


def write_script(catalogue: polib.POFile) -> str:
    """Return a module whose default export is an object with the translations, which `ui/translation.js` reads."""
    texts = {}
    for entry in catalogue.translated_entries():
        key = f"{entry.msgctxt}{CONTEXT_END}{entry.msgid}" if entry.msgctxt else entry.msgid
        texts[key] = list(entry.msgstr_plural.values()) if entry.msgid_plural else entry.msgstr
    return f"{HEAD}{json.dumps(texts, ensure_ascii=False, indent=0, sort_keys=True)};\n"


def main() -> None:
    """Collect unless `--compile` is given, then compile."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--compile", action="store_true", help="only compile what is translated")
    if not parser.parse_args().compile:
        collect(LOCALE)
    compile_all(LOCALE, SCRIPTS)


if __name__ == "__main__":
    main()
