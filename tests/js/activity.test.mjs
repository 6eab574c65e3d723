// Tests of how the page finds out whether the person uses it.

import assert from "node:assert/strict";
import { test } from "node:test";

const page = new EventTarget();
Object.assign(page, { hidden: false, title: "", hasFocus: () => true });
globalThis.document = page;
const { ACTIVE_FOR_MS, watchActivity } = await import("../../chat/static/chat/workspace/activity.js");

test("a person is active for a minute after each input, while the page has the focus", () => {
  let now = 1_000;
  const isActive = watchActivity(() => now);
  assert.equal(isActive(), true, "the person has just opened the page");
  now += ACTIVE_FOR_MS;
  assert.equal(isActive(), false);
  page.dispatchEvent(new Event("keydown"));
  assert.equal(isActive(), true);
  page.hasFocus = () => false;
  assert.equal(isActive(), false);
});
