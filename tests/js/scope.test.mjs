// Tests of a scope: the listeners of a part of the page that leaves the page and returns.

import assert from "node:assert/strict";
import test from "node:test";

import { Scope } from "../../chat/static/chat/ui/scope.js";

function countClicks(scope) {
  const target = new EventTarget();
  const clicks = { count: 0, click: () => target.dispatchEvent(new Event("click")) };
  scope.listen(target, "click", () => { clicks.count += 1; });
  return clicks;
}

test("a listener works while the part is on the page, and once after each return", () => {
  const scope = new Scope();
  const clicks = countClicks(scope);
  clicks.click();
  assert.equal(clicks.count, 1);
  scope.suspend();
  clicks.click();
  assert.deepEqual([clicks.count, scope.isActive], [1, false]);
  scope.resume();
  scope.resume();
  clicks.click();
  assert.deepEqual([clicks.count, scope.isActive], [2, true]);
});

test("a listener that is added while the part is away works after the return", () => {
  const scope = new Scope();
  scope.suspend();
  const clicks = countClicks(scope);
  clicks.click();
  assert.equal(clicks.count, 0);
  scope.resume();
  clicks.click();
  assert.equal(clicks.count, 1);
});

test("a closed part never returns", () => {
  const scope = new Scope();
  const clicks = countClicks(scope);
  scope.close();
  scope.resume();
  clicks.click();
  const later = countClicks(scope);
  later.click();
  assert.deepEqual([clicks.count, later.count, scope.isActive, scope.life.aborted], [0, 0, false, true]);
});
