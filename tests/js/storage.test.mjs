// Tests of what a page keeps: it is bound to a person, deleted at sign-out, and in memory where there is no storage.

import assert from "node:assert/strict";
import test from "node:test";

import {
  PersonStorage, SafeStorage, boardOwner, forgetEverybody, forgetOtherPeople, forgetOtherVisitors,
} from "../../chat/static/chat/connection/storage.js";

/** A storage like the browser's: its names are its own keys. */
const browserStorage = (values = {}) => Object.create({
  getItem(name) { return Object.hasOwn(this, name) ? this[name] : null; },
  setItem(name, value) { this[name] = value; },
  removeItem(name) { delete this[name]; },
}, Object.getOwnPropertyDescriptors(values));

const deny = () => { throw new Error("denied"); };
const UNUSABLE = [
  ["a getter that throws", deny],
  ["null", () => null],
  ["undefined", () => undefined],
  ["methods that throw", () => ({ getItem: deny, setItem: deny, removeItem: deny })],
];

for (const [what, find] of UNUSABLE) {
  test(`values are kept in memory where the browser's storage is ${what}`, () => {
    const storage = new PersonStorage("p1", new SafeStorage(find));
    assert.equal(storage.getItem("chat.draft.a"), null);
    storage.setItem("chat.draft.a", "hello");
    assert.equal(storage.getItem("chat.draft.a"), "hello");
    storage.removeItem("chat.draft.a");
    assert.equal(storage.getItem("chat.draft.a"), null);
  });
}

test("a value that a full storage refuses is kept in memory, and replaces the stored value", () => {
  const full = browserStorage({ a: "old" });
  full.setItem = deny;
  const storage = new SafeStorage(() => full);
  storage.setItem("a", "new");
  assert.equal(storage.getItem("a"), "new");
});

test("a person cannot read the values of another person", () => {
  const browser = browserStorage();
  new PersonStorage("p1", new SafeStorage(() => browser)).setItem("chat.draft.a", "private");
  assert.equal(new PersonStorage("p2", new SafeStorage(() => browser)).getItem("chat.draft.a"), null);
});

test("the values of other people and of older versions are deleted, and the values of the page and of boards stay", () => {
  const browser = browserStorage({
    "chat.draft.a@p1": "mine", "chat.draft.a@p2": "theirs", "chat.draft.a": "old", "chat.outbox.a.x@y": "old",
    "chat.page.reloaded": "1", "chat.transport": "poll", other: "not ours",
    [`chat.draft.b@${boardOwner("b", "s")}`]: "board",
  });
  forgetOtherPeople("p1", new SafeStorage(() => browser));
  assert.deepEqual(Object.keys(browser).sort(), [
    "chat.draft.a@p1", "chat.draft.b@board-b-s", "chat.page.reloaded", "chat.transport", "other",
  ]);
});

test("a board deletes what earlier visitors of this board have left", () => {
  const names = [boardOwner("b", "old"), boardOwner("b", "new"), boardOwner("c", "old")].map((owner) => `chat.draft.x@${owner}`);
  const browser = browserStorage(Object.fromEntries(names.map((name) => [name, "text"])));
  forgetOtherVisitors("b", "new", new SafeStorage(() => browser));
  assert.deepEqual(Object.keys(browser), names.slice(1));
});

test("after a sign-out nothing is left, and nothing more is stored", () => {
  const browser = browserStorage({ "chat.page.reloaded": "1" });
  const storage = new SafeStorage(() => browser);
  const own = new PersonStorage("p1", storage);
  own.setItem("chat.draft.a", "private");
  forgetEverybody(storage);
  own.setItem("chat.outbox.a.ann", "[]");
  assert.deepEqual(Object.keys(browser), ["chat.page.reloaded"]);
  assert.equal(own.getItem("chat.draft.a"), null);
});
