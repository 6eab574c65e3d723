// Tests of the places where the text of a body mentions people.

import assert from "node:assert/strict";
import test from "node:test";

import { findMentions } from "../../chat/static/chat/room/mention-marks.js";

const mentions = (text, ...names) => findMentions(text, names).map(({ start, end }) => text.slice(start, end));

test("whole handles are found, in any case, and the longest counts", () => {
  assert.deepEqual(mentions("@al and (@AL), @al!", "al"), ["@al", "@AL", "@al"]);
  assert.deepEqual(mentions("@Max B and @Max", "Max", "Max B"), ["@Max B", "@Max"]);
  assert.deepEqual(mentions("@alice @al-beta @al_", "al"), []);
  assert.deepEqual(mentions("こんにちは@alさん", "al"), ["@al"]);
  assert.deepEqual(mentions("＠al", "al"), ["＠al"]);
  assert.deepEqual(mentions("@here: look", "here"), ["@here"]);
  assert.deepEqual(mentions("nobody", "al"), []);
});
