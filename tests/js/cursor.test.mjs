// The cursor, gaps, backlogs and resets.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Room, message } from "./room.mjs";

test("a live message with the next offset moves the cursor", () => {
  const room = new Room().arrive(3);
  room.say(message(4));
  assert.equal(room.socket.cursor, 4);
});

test("an edit, which has an old id and a new offset, moves the cursor", () => {
  const room = new Room().arrive(3);
  room.say(message(2, 4));
  room.say(message(5));
  assert.equal(room.socket.cursor, 5);
  assert.deepEqual(room.drawn.slice(3), [[2, 4], [5, 5]]);
});

test("an outdated state is not drawn, and its offset counts", () => {
  const room = new Room().arrive(3);
  room.say(message(2, 5));
  room.say(message(2, 4));
  assert.equal(room.socket.cursor, 5);
  assert.deepEqual(room.drawn.slice(3), [[2, 5]]);
});

test("a message that comes twice is drawn once", () => {
  const room = new Room().arrive(3);
  room.say(message(4));
  room.say(message(4));
  assert.equal(room.drawn.length, 4);
});

test("two swapped messages are both drawn at once and no sync is sent", () => {
  const room = new Room().arrive(3);
  room.say(message(5));
  room.clock.pass(299);
  room.say(message(4));
  room.clock.pass(1_000);
  assert.equal(room.socket.cursor, 5);
  assert.deepEqual(room.line.sentOf("sync"), []);
});

test("a gap that has not closed after 300 ms asks from the cursor", () => {
  const room = new Room().arrive(3);
  room.say(message(6));
  assert.deepEqual(room.drawn.at(-1), [6, 6]);
  room.clock.pass(300);
  assert.deepEqual(room.line.sent, [{ type: "sync", cursor: 3 }]);
  room.say(message(4));
  room.synced(6);
  assert.equal(room.socket.cursor, 6);
});

test("each gap gets its own 300 ms", () => {
  const room = new Room().arrive(3);
  room.say(message(5));
  room.clock.pass(200);
  room.say(message(7));
  room.say(message(4));
  room.clock.pass(299);
  assert.deepEqual(room.line.sentOf("sync"), []);
  room.clock.pass(300);
  assert.deepEqual(room.line.sentOf("sync"), [{ type: "sync", cursor: 5 }]);
});

test("the holes of a backlog are no gaps, however long it takes", () => {
  const room = new Room().arrive(3);
  room.line.end(1006);
  room.clock.pass(1_000);
  room.join();
  room.say(message(6));
  room.clock.pass(2_000);
  room.say(message(2, 9));
  assert.deepEqual(room.line.sentOf("sync"), []);
  room.synced(9);
  assert.equal(room.socket.cursor, 9);
  room.clock.pass(1_000);
  assert.deepEqual(room.line.sentOf("sync"), []);
});

test("a gap above the backlog's end is asked for after it", () => {
  const room = new Room();
  room.socket.open();
  room.join();
  room.say(message(1));
  room.say(message(7));
  room.synced(4);
  assert.equal(room.socket.cursor, 4);
  room.clock.pass(300);
  assert.deepEqual(room.line.sent, [{ type: "sync", cursor: 4 }]);
});

test("an answer from an older snapshot does not move the cursor back", () => {
  const room = new Room().arrive(3);
  room.socket.hurry();
  room.say(message(4));
  room.say(message(5));
  room.synced(3);
  assert.equal(room.socket.cursor, 5);
});

test("live messages before joined are kept, also when joined resets", () => {
  const room = new Room().arrive(3);
  room.line.end(1006);
  room.clock.pass(1_000);
  room.line.accept();
  room.say(message(2));
  room.join({ reset: true });
  assert.equal(room.socket.cursor, null);
  room.say(message(1));
  room.synced(1);
  assert.equal(room.socket.cursor, 2);
  assert.deepEqual(room.drawn.slice(3).sort(), [[1, 1], [2, 2]]);
});

test("while more is true it asks again from there", () => {
  const room = new Room().arrive(3);
  room.socket.hurry();
  room.synced(203, true);
  assert.deepEqual(room.line.sent.at(-1), { type: "sync", cursor: 203 });
  room.synced(300);
  assert.equal(room.line.sent.length, 2);
});

test("an answer that says more and brings nothing does not make it ask without end", () => {
  const room = new Room().arrive(3);
  room.socket.hurry();
  room.synced(3, true);
  assert.equal(room.line.sent.length, 1);
});

test("a reset in synced forgets all and comes back without a cursor, with the outbox", () => {
  const room = new Room().arrive(3);
  room.socket.post("kept");
  room.socket.hurry();
  room.say({ type: "synced", offset: 1, more: false, reset: true });
  assert.equal(room.attempts, 2);
  assert.equal(room.line.url, "ws://here/chat/general/");
  assert.equal(room.socket.cursor, null);
  room.join();
  assert.equal(room.line.sentOf("post").length, 1);
  room.say(message(1));
  room.synced(1);
  assert.deepEqual(room.drawn.at(-1), [1, 1]);
});

test("a change of an ancient message in the first backlog makes no hole in the history", () => {
  const room = new Room();
  room.socket.open();
  room.join();
  for (let id = 101; id <= 150; id += 1) room.say(message(id));
  room.say(message(7, 151));
  room.synced(151);
  assert.equal(room.drawn.length, 50);
  assert.equal(room.socket.floor, 101);
  room.socket.fetchOlder();
  assert.equal(room.line.sent[0].before, 101);
});

test("older pages are drawn once and end", () => {
  const room = new Room();
  room.socket.open();
  room.join();
  for (let id = 101; id <= 150; id += 1) room.say(message(id));
  room.synced(150);
  const ref = room.socket.fetchOlder();
  assert.equal(room.socket.fetchOlder(), null);
  room.say({ type: "page", ref, messages: [message(99), message(100), message(101)], more: true });
  assert.deepEqual(room.of("page")[0].messages.map(({ id }) => id), [99, 100]);
  assert.equal(room.socket.floor, 99);
  room.say({ type: "page", ref: room.socket.fetchOlder(), messages: [message(98)], more: false });
  assert.equal(room.socket.hasOlder, false);
  assert.equal(room.socket.cursor, 150);
});

test("what the server must not send is passed over", () => {
  const room = new Room().arrive(3);
  for (const text of ["", "{", "[]", "null", "7", '{"type":3}', '{"type":"toString"}', '{"type":"message","id":"x"}']) {
    room.say(text);
  }
  room.say(message(4));
  assert.equal(room.socket.cursor, 4);
});
