// Tests of what the composer keeps, of the messages that are drawn large, and of the sentence that says who reacted.

import assert from "node:assert/strict";
import test from "node:test";

import { Draft } from "../../chat/static/chat/room/draft.js";
import { isEmojiOnly } from "../../chat/static/chat/room/emoji-only.js";
import { sentenceOf } from "../../chat/static/chat/room/reactors.js";
import { MemoryStorage } from "./fakes.mjs";

const MESSAGE = { id: 7, author: { handle: "bob" }, body: "question", offset: 9, reactions: { "👍": ["alice"] } };
const QUOTED = { id: 7, author: { handle: "bob" }, body: "question" };

test("the text and the target of a reply are kept", () => {
  const storage = new MemoryStorage();
  const written = { text: "hello", target: { kind: "reply", message: MESSAGE }, beforeEdit: null };
  new Draft(storage, "a").save(written);
  const { text, target } = new Draft(storage, "a").load();
  assert.deepEqual({ text, target }, { text: "hello", target: { kind: "reply", message: QUOTED } });
  assert.equal(new Draft(storage, "b").load().text, "");
});

test("an edit is kept with what stood in the field before it", () => {
  const storage = new MemoryStorage();
  const edit = { kind: "edit", message: QUOTED };
  const beforeEdit = { text: "draft", target: { kind: "reply", message: QUOTED } };
  new Draft(storage, "a").save({ text: "changed", target: edit, beforeEdit });
  assert.deepEqual(new Draft(storage, "a").load(), { text: "changed", target: edit, beforeEdit, files: [] });
});

test("nothing is kept of an empty field", () => {
  const storage = new MemoryStorage();
  const draft = new Draft(storage, "a");
  draft.save({ text: "hello", target: null, beforeEdit: null });
  draft.save({ text: "", target: null, beforeEdit: null });
  assert.equal(storage.values.size, 0);
});

test("uploaded files are kept as long as the server keeps them", (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000_000_000 });
  const storage = new MemoryStorage();
  const files = [{ id: "x", name: "a.txt", type: "text/plain", size: 5 }];
  new Draft(storage, "a").save({ text: "", target: null, beforeEdit: null, files });
  context.mock.timers.setTime(1_000_000_000_000 + 22 * 3_600_000);
  assert.deepEqual(new Draft(storage, "a").load().files, files);
  context.mock.timers.setTime(1_000_000_000_000 + 24 * 3_600_000);
  assert.deepEqual(new Draft(storage, "a").load().files, []);
});

for (const text of ["hello", "7", '"quoted"', "{", "null", "[1]"]) {
  test(`the text ${text} of an older version of the page is kept`, () => {
    const storage = new MemoryStorage();
    storage.setItem("chat.draft.a", text);
    assert.equal(new Draft(storage, "a").load().text, text);
  });
}

for (const body of ["👍", "🎉🎉🎉", " ❤️ 👍🏽\n🇩🇪 ", "👨‍👩‍👧‍👦", "1️⃣"]) {
  test(`${JSON.stringify(body)} is drawn large`, () => assert.ok(isEmojiOnly(body)));
}
for (const body of ["", " ", "👍👍👍👍", "ok 👍", "1", "#", "123", "©", "👍.", "<b>"]) {
  test(`${JSON.stringify(body)} is not drawn large`, () => assert.ok(!isEmojiOnly(body)));
}

test("the sentence names at most twelve people", () => {
  assert.equal(sentenceOf([]), "");
  assert.equal(sentenceOf(["Alice"]), "Alice");
  assert.equal(sentenceOf(["Alice", "Bob", "Charlie"]), "Alice, Bob, and Charlie");
  const names = [...Array(14).keys()].map((number) => `p${number}`);
  assert.equal(sentenceOf(names), `${names.slice(0, 12).join(", ")}, and 2 more`);
});
