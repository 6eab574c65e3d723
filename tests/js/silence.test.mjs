// Tests of the watch for a server that does not answer: the person learns it within ten seconds, and idle people send no checks.

import assert from "node:assert/strict";
import test from "node:test";

import { ACTIVE_FOR_MS, CHECK_AFTER_MS, SILENT_AFTER_MS } from "../../chat/static/chat/connection/silence.js";
import { Room, message } from "./room.mjs";

const silences = (room) => room.emittedOf("silence").map(({ isSilent }) => isSilent);
const syncs = (room) => room.transport.sentOf("sync").length;

test("a post without an answer is reported as silence, and any frame ends the silence", () => {
  const room = new Room().joinAt();
  room.changes.post("hello");
  room.clock.advance(SILENT_AFTER_MS - 1);
  assert.deepEqual(silences(room), []);
  room.clock.advance(1);
  assert.deepEqual(silences(room), [true]);
  room.deliver(message(1));
  assert.deepEqual(silences(room), [true, false]);
});

test("an active person learns within ten seconds that the server is frozen", () => {
  const room = new Room().joinAt();
  room.clock.advance(3_000);
  room.socket.noteActivity();
  room.clock.advance(9_000);
  assert.deepEqual(silences(room), [true]);
  assert.equal(syncs(room), 1);
});

test("the connection ends when the check is not answered in time", () => {
  const room = new Room().joinAt();
  room.socket.noteActivity();
  room.clock.advance(CHECK_AFTER_MS + 10_000);
  assert.deepEqual(silences(room), [true, false]);
  assert.equal(room.emittedOf("status").at(-1).state, "waiting");
});

test("an idle person sends no more than the heartbeat", () => {
  const room = new Room().joinAt();
  room.clock.advance(24_000);
  assert.equal(syncs(room), 0);
});

test("an active person checks a quiet connection, and stops when idle", () => {
  const room = new Room().joinAt();
  room.socket.noteActivity();
  let answered = 0;
  for (let second = 0; second < 60; second += 1) {
    room.clock.advance(1_000);
    if (syncs(room) > answered) room.synced(0);
    answered = syncs(room);
  }
  const most = Math.ceil(ACTIVE_FOR_MS / CHECK_AFTER_MS) + 2;
  assert.ok(syncs(room) > 3 && syncs(room) <= most, `${syncs(room)} syncs`);
  assert.deepEqual(silences(room), []);
});

test("frames that arrive make a check unnecessary", () => {
  const room = new Room().joinAt();
  room.socket.noteActivity();
  for (let id = 1; id <= 20; id += 1) {
    room.clock.advance(1_000);
    room.deliver(message(id));
  }
  assert.equal(syncs(room), 0);
});
