// Tests of what the page finds in the browser while there is no connection: messages that wait, drafts and names of rooms.

import assert from "node:assert/strict";
import { test } from "node:test";

import { findKept, readAllKept } from "../../chat/static/chat/offline/kept-writing.js";

const post = (body, more = {}) => ({ event: { type: "post", ref: body, body }, failed: null, ...more });
const kept = (name, value, owner = "bob") => ({ owner, name, value: typeof value === "string" ? value : JSON.stringify(value) });

test("messages that wait are shown with the name of their room", () => {
  const found = findKept([
    kept("chat.room-names", [{ slug: "garden", name: "The garden" }]),
    kept("chat.outbox.garden.Bob", [post("one"), post("refused", { failed: { code: "muted" } }), { event: { type: "react", ref: "x" } }]),
    kept(`chat.outbox.direct-${"0".repeat(32)}.Bob`, [post("two")]),
    kept("chat.outbox.unknown.Bob with.dots", [post("three")]),
  ]);
  assert.deepEqual(found.waiting, [
    { room: "The garden", text: "one" }, { room: null, text: "two" }, { room: "unknown", text: "three" },
  ]);
  assert.deepEqual(found.rooms, [{ slug: "garden", name: "The garden" }]);
});

test("drafts are shown, also those of an older version of the page", () => {
  const { drafts } = findKept([
    kept("chat.draft.a", { text: "begun", target: null }), kept("chat.draft.b", "only text"), kept("chat.draft.c", { text: "" }),
  ]);
  assert.deepEqual(drafts, [{ room: "a", text: "begun" }, { room: "b", text: "only text" }]);
});

test("what a board's visitor has written and what cannot be read is left out", () => {
  const found = findKept([
    kept("chat.draft.a", { text: "secret" }, "board-1-2"), kept("chat.outbox.a.Bob", "not JSON"), kept("chat.room-names", "[1, null, {}]"),
  ]);
  assert.deepEqual(found, { waiting: [], drafts: [], rooms: [] });
});

test("everything that the tabs hold or have left is read once, and nothing is changed", () => {
  const makeStorage = (values) => ({ names: Object.keys(values), getItem: (name) => values[name] ?? null });
  const shared = makeStorage({
    "chat.kept.copy.page1.chat.draft.a@bob": JSON.stringify({ value: "left", at: 1, isLeft: true }),
    "chat.kept.copy.page1.chat.draft.b@bob": "not a copy",
    "chat.room-names@bob": "[]",
    "chat.page.sign-outs": "1",
  });
  const tab = makeStorage({ "chat.draft.a@bob": "newer", "chat.kept.page@bob": "page2" });
  assert.deepEqual(readAllKept(tab, shared).map(({ owner, name, value }) => [owner, name, value]), [
    ["bob", "chat.draft.a", "newer"], ["bob", "chat.room-names", "[]"], ["bob", "chat.kept.page", "page2"],
  ]);
});
