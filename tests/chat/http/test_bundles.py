"""Bundles: which modules they contain, and that the joined modules do what the separate modules do."""

import json
import os
import re
import shutil
import subprocess

import pytest

from chat.http import bundles
from chat.http.bundles import BundleError, make_bundles

pytestmark = pytest.mark.no_database

DEFINED = re.compile(r'^chat\.define\("([^"]+)"', re.MULTILINE)
LOADED = re.compile(r'\$load\("([^"]+)"\)')

# The lines that modules write show the order in which the modules run.
SAMPLE = {
    "page.js": """
        import { count, name as own } from "./ui/shared.js";
        import "./ui/effect.js";

        count();
        console.log(`page ${own}`);
        """,
    "board.js": """
        import {
          count,
        } from "./ui/shared.js";
        import { both, Renamed } from "./room/all.js";

        // A comment.
        console.log(`board ${count()} ${both} ${new Renamed().value}`);
        const later = await import("./room/late.js");
        console.log(`later ${later.total()} ${(await import("./room/late.js")) === later}`);
        """,
    "ui/shared.js": """
        let total = 0;
        export const name = "shared";
        export function count() {
          total += 1;
          return total;
        }
        console.log("shared");
        """,
    "ui/effect.js": """
        export async function unused() {}
        console.log(`effect ${import.meta.url.split("/").slice(-2).join("/")}`);
        """,
    "room/all.js": """
        export { both, Value as Renamed } from "./value.js";
        """,
    "room/value.js": """
        export const both = await Promise.resolve("awaited");
        export class Value {
          value = 7;
        }
        """,
    "room/late.js": """
        import { count } from "../ui/shared.js";

        const language = "xx";
        const { default: words } = await import(`../languages/${language}.js`);
        const vendor = await import("../vendor/tool.js");
        export function total() {
          return `${count()} ${words.hello} ${vendor.tool}`;
        }
        """,
    "languages/xx.js": "export default { hello: 'Hello' };",
    "vendor/tool.js": "export const tool = 'tool';",
}


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Yield a function that replaces the client's code by other modules, and returns their folder."""

    def replace(modules):
        for name in bundles.ENTRIES:
            modules = {name: ""} | modules
        for name, code in modules.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(re.sub("^ {8}", "", code.strip("\n"), flags=re.MULTILINE))
        monkeypatch.setattr(bundles, "CLIENT", tmp_path)
        return tmp_path

    cached = (make_bundles, bundles.get_graph, bundles._read)
    for function in cached:
        function.cache_clear()
    yield replace
    for function in cached:
        function.cache_clear()


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("node") and not os.environ.get("CI"), reason="there is no node here")
def test_joined_modules_do_what_the_separate_modules_do(client):
    folder = client(SAMPLE)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    for path, text in make_bundles().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)

    def run(*entries):
        code = "".join(f'await import("{(folder / entry).as_uri()}");' for entry in entries)
        command = ["node", "--input-type=module", "--eval", code]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    output = run("bundles/page.js", "bundles/board.js")
    assert output == run("page.js", "board.js")
    assert output.splitlines() == [
        "shared", "effect ui/effect.js", "page shared", "board 2 awaited 7", "later 3 Hello tool true",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        'import everything from "./ui/x.js";',
        'import * as all from "./ui/x.js";',
        'export * from "./ui/x.js";',
        "export default 5;",
        "export let changing = 5;",
        "const a = 1;\nexport { a };",
    ],
)
def test_a_form_that_cannot_be_joined_is_an_error(client, code):
    client({"page.js": code, "ui/x.js": ""})
    with pytest.raises(BundleError, match="page.js: "):
        make_bundles()


def test_an_entry_module_gets_each_module_that_it_needs():
    made = {name.removeprefix("bundles/"): text for name, text in make_bundles().items()}
    defined = {name: DEFINED.findall(text) for name, text in made.items()}
    for entry in bundles.ENTRIES:
        common = [] if entry in bundles.ALONE else [bundles.COMMON]
        entries = dict.fromkeys([*common, *bundles.EARLIER.get(entry, ()), entry])
        known = [module for name in entries for module in defined[name]]
        assert len(known) == len(set(known)), entry
        reached = {*known}
        waiting = [entry]
        while waiting:
            text = made[waiting.pop()]
            for name in LOADED.findall(text):
                if name not in reached:
                    # A module that loads later: its own bundle, and what the page has, are all that it needs.
                    assert set(LOADED.findall(made[name])) <= {*known, *defined[name], *made}, name
                    reached |= {*defined[name]}
                    waiting.append(name)


def test_a_bundle_does_not_contain_the_comment_ts_check():
    assert "@ts-check" not in "".join(make_bundles().values())
