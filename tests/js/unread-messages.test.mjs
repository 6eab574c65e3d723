// Tests of what a person has not read: the server's count, received messages, and reading.

import assert from "node:assert/strict";
import test from "node:test";

import { UnreadMessages } from "../../chat/static/chat/room/unread-messages.js";
import { message } from "./room.mjs";

const range = (from, to) => [...Array(to - from + 1).keys()].map((index) => from + index);

function started(news) {
  const unread = new UnreadMessages("alice");
  unread.start({ read: 0, offset: 0, ...news });
  return unread;
}

function receive(unread, ids) {
  for (const id of ids) unread.note(message(id));
}

for (const count of [1, 49, 50, 51, 500]) {
  test(`${count} unread messages are counted before and after the newest 50 are received`, () => {
    const unread = started({ read: 100, offset: 100 + count, unread: count, first_unread: 101 });
    assert.deepEqual([unread.count, unread.firstId], [count, 101]);
    receive(unread, range(Math.max(1, 51 + count), 100 + count));
    assert.deepEqual([unread.count, unread.firstId], [count, 101]);
    assert.equal(unread.unknownCount, Math.max(0, count - 50));
    receive(unread, range(51, 100 + count));
    assert.deepEqual([unread.count, unread.firstId, unread.unknownCount], [count, 101, 0]);
    unread.readTo(100 + count);
    assert.deepEqual([unread.count, unread.firstId], [0, null]);
  });
}

test("a message is counted once, however often it is received", () => {
  const unread = started({ read: 10, offset: 12, unread: 2, first_unread: 11 });
  receive(unread, [11, 12, 12, 13, 13]);
  assert.equal(unread.count, 3);
});

test("own messages, removed messages and read messages do not count", () => {
  const unread = started({ read: 10, offset: 10 });
  unread.note(message(9));
  unread.note(message(11, 11, { author: { handle: "alice" } }));
  unread.note(message(12));
  unread.note(message(13));
  unread.note(message(12, 14, { removed: true }));
  assert.deepEqual([unread.count, unread.firstId], [1, 13]);
});

test("messages that were removed after the server counted disappear when everything is loaded", () => {
  const unread = started({ read: 10, offset: 13, unread: 3, first_unread: 11 });
  unread.note(message(11, 14, { removed: true }));
  receive(unread, [12, 13]);
  assert.equal(unread.count, 3);
  unread.loaded(12, Infinity);
  assert.equal(unread.count, 3);
  unread.loaded(11, Infinity);
  assert.deepEqual([unread.count, unread.firstId], [2, 12]);
});

test("the read position only moves forward, and later messages stay unread", () => {
  const unread = started({ read: 10, offset: 510, unread: 500, first_unread: 11 });
  receive(unread, range(461, 510));
  unread.readTo(5);
  assert.deepEqual([unread.position, unread.count], [10, 500]);
  unread.readTo(500); // The person has read this in another tab.
  assert.deepEqual([unread.position, unread.count], [500, 20]);
  unread.readTo(510);
  receive(unread, [511]);
  assert.deepEqual([unread.count, unread.firstId], [1, 511]);
});

test("after another tab has read on, the first unread message is not before its position", () => {
  const unread = started({ read: 10, offset: 510, unread: 500, first_unread: 11 });
  unread.readTo(200);
  assert.equal(unread.firstId, 201);
  assert.ok(unread.count <= 310);
});

test("a server of an older version counts nothing, and received messages still count", () => {
  const unread = started({ read: 10, offset: 12 });
  receive(unread, [11, 12]);
  assert.deepEqual([unread.count, unread.firstId], [2, 11]);
});

test("a count of 1,000 means 1,000 or more, until everything is loaded or read", () => {
  const unread = started({ read: 0, offset: 2500, unread: 1000, first_unread: 1 });
  assert.deepEqual([unread.count, unread.isMore], [1000, true]);
  receive(unread, [...range(1, 50), ...range(2451, 2500)]);
  unread.readTo(40);
  assert.deepEqual([unread.count, unread.isMore, unread.firstId], [960, true, 41]);
  receive(unread, range(51, 2000));
  assert.deepEqual([unread.unknownCount, unread.isMore], [1, true]);
  receive(unread, range(2001, 2450));
  unread.loaded(0, Infinity);
  assert.deepEqual([unread.count, unread.isMore], [2460, false]);
  const exact = started({ read: 0, offset: 999, unread: 999, first_unread: 1 });
  assert.equal(exact.isMore, false);
});
