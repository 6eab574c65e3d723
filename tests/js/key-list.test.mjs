// Tests of the list of keys: every action with a key is in it once.

import assert from "node:assert/strict";
import test from "node:test";

import { keysOfActions } from "../../chat/static/chat/room/message-choices.js";

test("each key of an action is listed once", () => {
  const keys = keysOfActions().map(([key]) => key);
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(["r", "e", "c", "p", "!", "m", "Delete"].every((key) => keys.includes(key)));
});
