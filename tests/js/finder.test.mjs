// Tests of what the palette finds, and of the address that a room's name gives.

import assert from "node:assert/strict";
import test from "node:test";

import { find } from "../../chat/static/chat/workspace/finder.js";
import { slugOf } from "../../chat/static/chat/workspace/slugs.js";

const search = (query, ...names) => find(names, query, (name) => [name]);

test("the best match comes first", () => {
  assert.deepEqual(
    search("des", "modes", "Web design", "Design", "des", "data eating sheep"), ["des", "Design", "Web design", "modes", "data eating sheep"],
  );
});

test("accents and case do not matter, and other entries are left out", () => {
  assert.deepEqual(search("cafe", "CAFÉ", "Bar"), ["CAFÉ"]);
  assert.deepEqual(search("غرفة", "غرفة التصميم", "room"), ["غرفة التصميم"]);
});

test("without a query, everything is found in its order", () => {
  assert.deepEqual(search("", "b", "a"), ["b", "a"]);
});

for (const [name, slug] of [
  ["Café & Bar", "cafe-bar"], ["Release 2.0", "release-2-0"], ["  Straße  ", "strasse"], ["--a--", "a"], ["設計", ""], ["x".repeat(80), "x".repeat(50)],
]) {
  test(`the name "${name.slice(0, 20)}" gives the address "${slug.slice(0, 20)}"`, () => assert.equal(slugOf(name), slug));
}
