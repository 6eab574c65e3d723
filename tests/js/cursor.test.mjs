// Tests of the cursor, gaps, backlogs and resets.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Room, message } from "./room.mjs";

test("a live message with the next offset moves the cursor", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(4));
  assert.equal(room.socket.cursor, 4);
});

test("an edit, which has an old id and a new offset, moves the cursor", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(2, 4));
  room.deliver(message(5));
  assert.equal(room.socket.cursor, 5);
  assert.deepEqual(room.drawn.slice(3), [[2, 4], [5, 5]]);
});

test("an outdated state is not drawn, but its offset counts", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(2, 5));
  room.deliver(message(2, 4));
  assert.equal(room.socket.cursor, 5);
  assert.deepEqual(room.drawn.slice(3), [[2, 5]]);
});

test("a message that arrives twice is drawn once", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(4));
  room.deliver(message(4));
  assert.equal(room.drawn.length, 4);
});

test("two swapped messages are both drawn at once, and no sync is sent", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(5));
  room.clock.advance(299);
  room.deliver(message(4));
  room.clock.advance(1_000);
  assert.equal(room.socket.cursor, 5);
  assert.deepEqual(room.transport.sentOf("sync"), []);
});

test("a gap that has not closed after 300 ms causes a sync from the cursor", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(6));
  assert.deepEqual(room.drawn.at(-1), [6, 6]);
  room.clock.advance(300);
  assert.deepEqual(room.transport.sent, [{ type: "sync", cursor: 3 }]);
  room.deliver(message(4));
  room.synced(6);
  assert.equal(room.socket.cursor, 6);
});

test("each gap gets its own 300 ms", () => {
  const room = new Room().joinAt(3);
  room.deliver(message(5));
  room.clock.advance(200);
  room.deliver(message(7));
  room.deliver(message(4));
  room.clock.advance(299);
  assert.deepEqual(room.transport.sentOf("sync"), []);
  room.clock.advance(300);
  assert.deepEqual(room.transport.sentOf("sync"), [{ type: "sync", cursor: 5 }]);
});

test("missing offsets in a backlog are no gaps, however long the backlog takes", () => {
  const room = new Room().joinAt(3);
  room.transport.disconnect(1006);
  room.clock.advance(1_000);
  room.join();
  room.deliver(message(6));
  room.clock.advance(2_000);
  room.deliver(message(2, 9));
  assert.deepEqual(room.transport.sentOf("sync"), []);
  room.synced(9);
  assert.equal(room.socket.cursor, 9);
  room.clock.advance(1_000);
  assert.deepEqual(room.transport.sentOf("sync"), []);
});

test("a gap above the end of the backlog causes a sync after the backlog", () => {
  const room = new Room();
  room.socket.open();
  room.join();
  room.deliver(message(1));
  room.deliver(message(7));
  room.synced(4);
  assert.equal(room.socket.cursor, 4);
  room.clock.advance(300);
  assert.deepEqual(room.transport.sent, [{ type: "sync", cursor: 4 }]);
});

test("an answer from an older snapshot does not move the cursor back", () => {
  const room = new Room().joinAt(3);
  room.socket.checkConnection();
  room.deliver(message(4));
  room.deliver(message(5));
  room.synced(3);
  assert.equal(room.socket.cursor, 5);
});

test("live messages before joined are kept, even when joined resets", () => {
  const room = new Room().joinAt(3);
  room.transport.disconnect(1006);
  room.clock.advance(1_000);
  room.transport.accept();
  room.deliver(message(2));
  room.join({ reset: true });
  assert.equal(room.socket.cursor, null);
  room.deliver(message(1));
  room.synced(1);
  assert.equal(room.socket.cursor, 2);
  assert.deepEqual(room.drawn.slice(3).sort(), [[1, 1], [2, 2]]);
});

test("while more is true the client syncs again from the new cursor", () => {
  const room = new Room().joinAt(3);
  room.socket.checkConnection();
  room.synced(203, true);
  assert.deepEqual(room.transport.sent.at(-1), { type: "sync", cursor: 203 });
  room.synced(300);
  assert.equal(room.transport.sent.length, 2);
});

test("an answer with more but without new changes does not cause another sync", () => {
  const room = new Room().joinAt(3);
  room.socket.checkConnection();
  room.synced(3, true);
  assert.equal(room.transport.sent.length, 1);
});

test("a reset in synced forgets the messages and reconnects without a cursor, but keeps the outbox", () => {
  const room = new Room().joinAt(3);
  room.changes.post("kept");
  room.socket.checkConnection();
  room.deliver({ type: "synced", offset: 1, more: false, reset: true });
  assert.equal(room.attempts, 2);
  assert.equal(room.transport.url, "ws://here/chat/general/");
  assert.equal(room.socket.cursor, null);
  room.join();
  assert.equal(room.transport.sentOf("post").length, 1);
  room.deliver(message(1));
  room.synced(1);
  assert.deepEqual(room.drawn.at(-1), [1, 1]);
});

test("a change of a very old message in the first backlog makes no gap in the history", () => {
  const room = new Room();
  room.socket.open();
  room.join();
  for (let id = 101; id <= 150; id += 1) room.deliver(message(id));
  room.deliver(message(7, 151));
  room.synced(151);
  assert.equal(room.drawn.length, 50);
  assert.equal(room.socket.completeFrom, 101);
  room.socket.fetchOlder();
  assert.equal(room.transport.sent[0].before, 101);
});

test("older pages are drawn once, until there are no more", () => {
  const room = new Room();
  room.socket.open();
  room.join();
  for (let id = 101; id <= 150; id += 1) room.deliver(message(id));
  room.synced(150);
  const ref = room.socket.fetchOlder();
  assert.equal(room.socket.fetchOlder(), null);
  room.deliver({ type: "page", ref, messages: [message(99), message(100), message(101)], more: true });
  assert.deepEqual(room.emittedOf("page")[0].messages.map(({ id }) => id), [99, 100]);
  assert.equal(room.socket.completeFrom, 99);
  room.deliver({ type: "page", ref: room.socket.fetchOlder(), messages: [message(98)], more: false });
  assert.equal(room.socket.hasOlder, false);
  assert.equal(room.socket.cursor, 150);
});

test("invalid frames from the server are ignored", () => {
  const room = new Room().joinAt(3);
  for (const text of ["", "{", "[]", "null", "7", '{"type":3}', '{"type":"toString"}', '{"type":"message","id":"x"}']) {
    room.deliver(text);
  }
  room.deliver(message(4));
  assert.equal(room.socket.cursor, 4);
});
