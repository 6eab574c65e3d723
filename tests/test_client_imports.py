"""
Check the structure of the browser's code by its text: which folder may import which, and what no module may contain.

chat/static/chat/README.md explains these rules. These tests run no JavaScript.
"""

import re
from pathlib import Path

import pytest

from chat.http.code_comments import remove_comments
from chat.version import _hash_files

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "chat" / "static" / "chat"
TEMPLATES = ROOT / "templates"
WIRE = "connection/wire.js"
ENTRIES = {
    "workspace.js",
    "board.js",
    "first-view.js",
    "lobby.js",
    "offline.js",
    "operations.js",
    "operators.js",
    "page.js",
    "settings.js",
}

# The key is a folder. The value lists what its modules may import: a folder, or one module (a name with a slash).
ALLOWED = {
    "connection": {"connection", "ui/error-id.js", "ui/translation.js"},
    "ui": {"ui", "connection/api.js", "connection/storage.js", WIRE},
    "completion": {"completion", "ui", "connection"},
    "emoji": {"emoji", "ui", "connection/storage.js"},
    "finding": {"finding", "ui", "connection"},
    "room": {"room", "completion", "emoji", "ui", "connection"},
    "board": {"board", "ui", "connection"},
    "lobby": {"lobby", "ui", "connection"},
    "offline": {"offline", "ui", "connection"},
    "operations": {"operations", "ui", "connection"},
    "operators": {"operators", "ui", "connection"},
    "workspace": {"workspace", "finding", "room", "lobby", "ui", "connection"},
}
IMPORT = re.compile(r'^(?:import|export)\b[^;"()]*\bfrom "(\.[^"]+)"|\bimport(?: |\()"(\.[^"]+)"', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
CLOSE_CODE = re.compile(r"\b(?:44\d\d|10(?:06|07|09|13))\b")
# An event type as a literal: `type: "post"`, `type === "post"`, `.on("post"`, `.emit("post"`.
EVENT_TYPE = re.compile(r'(?:\btype:\s*|\btype [!=]== |\.(?:on|emit|request)\()"([a-z_]+)"')


def read(name):
    return (CLIENT / name).read_text(encoding="utf-8")


def code_of(name):
    """Return a module without its comments."""
    return COMMENT.sub("", read(name))


FILES = sorted(path for path in CLIENT.rglob("*") if path.is_file())
# The libraries in vendor/ follow their own rules. ui/translation.js loads a catalogue in languages/ by its name.
MODULES = sorted(
    path.relative_to(CLIENT).as_posix()
    for path in CLIENT.rglob("*.js")
    if not {"vendor", "languages"} & set(path.parts)
)


def imports(name):
    """Return the modules that a module imports, including those that it loads later."""
    folder = (CLIENT / name).parent
    found = [(folder / (first or second)).resolve() for first, second in IMPORT.findall(code_of(name))]
    return [path.relative_to(CLIENT).as_posix() for path in found]


def folder_of(name):
    return name.rpartition("/")[0]


def find_wrong_imports(name):
    """Yield a sentence for each rule that the place or an import of a module breaks."""
    folder = folder_of(name)
    if not folder:
        if name not in ENTRIES:
            yield f"{name} is no entry module: put it into a folder"
        return
    if folder not in ALLOWED:
        yield f"say in ALLOWED what {folder}/ may import"
        return
    for imported in imports(name):
        if imported not in MODULES:
            yield f"{name} imports {imported}, which does not exist"
        elif not {folder_of(imported), imported} & ALLOWED[folder]:
            yield f"{name} must not import {imported}"


def test_a_module_imports_only_what_its_folder_allows():
    wrong = [sentence for name in MODULES for sentence in find_wrong_imports(name)]
    assert not wrong, "\n".join(wrong)


def test_no_modules_import_each_other_in_a_circle():
    done = set()

    def visit(name, path):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for imported in imports(name):
                visit(imported, [*path, name])
            done.add(name)

    for name in MODULES:
        visit(name, [])


def test_every_module_is_used():
    used, waiting = set(), list(ENTRIES)
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += imports(name)
    assert sorted(used) == MODULES


def test_templates_load_only_entry_modules():
    scripts = re.compile(r"\{% module_script 'chat/([^']+\.js)' %\}")
    loaded = {name for path in TEMPLATES.rglob("*.html") for name in scripts.findall(path.read_text(encoding="utf-8"))}
    assert loaded == ENTRIES


def test_every_id_that_the_code_looks_up_is_in_a_template():
    html = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    ids = set(re.findall(r'\bid="([\w-]+)"', html))
    looked_up = {
        found
        for name in MODULES
        for found in re.findall(r'\b(?:byId|getElementById|onMenuEntry)\("([\w-]+)"', code_of(name))
    }
    assert looked_up - ids == set()
    assert len(looked_up) > 40


def test_no_connection_module_uses_the_document():
    modules = [name for name in MODULES if folder_of(name) == "connection"]
    assert len(modules) > 10
    assert [name for name in modules if re.search(r"\bdocument\b|\bHTML\w*Element\b", code_of(name))] == []


def test_close_codes_and_event_types_are_named_in_the_wire_module_only():
    types = set(re.findall(r'[A-Z_]+: "([a-z_]+)"', read(WIRE)))
    assert len(types) > 20
    codes = {name: code_of(name) for name in MODULES if name != WIRE}
    assert [(name, found) for name, code in codes.items() for found in CLOSE_CODE.findall(code)] == []
    assert [(name, found) for name, code in codes.items() for found in EVENT_TYPE.findall(code) if found in types] == []


def test_no_file_of_the_client_contains_a_test_id():
    assert [path.name for path in FILES if b"testid" in path.read_bytes().lower()] == []


def test_every_module_is_type_checked_and_describes_itself():
    heads = {name: read(name).splitlines()[:2] for name in MODULES}
    assert [name for name, head in heads.items() if head[0] != "// @ts-check"] == []
    # The second line says what the module is.
    assert [name for name, head in heads.items() if not re.match(r"// [A-Z].{20,}", head[1])] == []


def test_the_readme_lists_every_module_of_the_large_folders():
    text = read("README.md")
    modules = [name for name in MODULES if folder_of(name) in ("connection", "room", "workspace")]
    assert [name for name in modules if f"`{Path(name).name}`" not in text] == []


# The data of the emoji are written by a script, and none of their lines begins like a comment.
WRITTEN_BY_PEOPLE = [name for name in MODULES if not name.endswith("emoji-data.js")]


@pytest.mark.parametrize("name", WRITTEN_BY_PEOPLE)
def test_a_module_without_its_comments_has_the_same_code(name):
    code = remove_comments((CLIENT / name).read_bytes()).decode()
    assert COMMENT.sub("", code).split() == code_of(name).split()
    # In a template literal over several lines, a line could begin like a comment.
    assert [line for line in code.splitlines() if line.count("`") % 2] == []
    assert not re.search(r"^\s*//|@param", code, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(CLIENT.glob("*.css")), ids=lambda path: path.name)
def test_styles_without_their_comments_have_the_same_rules(path):
    source = path.read_bytes()
    rules = remove_comments(source).decode()
    assert "/*" not in rules
    assert rules.split() == re.sub(r"/\*.*?\*/", "", source.decode(), flags=re.DOTALL).split()


def test_the_client_version_changes_with_a_file_in_any_folder(tmp_path):
    (tmp_path / "room").mkdir()
    file = tmp_path / "room" / "timeline.js"
    file.write_text("old")
    before = _hash_files(tmp_path)
    file.write_text("new")
    assert _hash_files(tmp_path) != before
