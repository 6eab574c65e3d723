// How far a tab has been told announcements, and what it says of it on coming back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Room } from "./room.mjs";

const announcement = (id) => ({ type: "announcement", id, text: `word ${id}`, level: "info", at: "2026-11-20T12:00:00.000Z" });

function arrive(announced, ...untold) {
  const room = new Room();
  room.socket.open();
  room.join({ announced });
  for (const id of untold) room.say(announcement(id));
  return room;
}

function comeBack(room) {
  room.line.end(1006);
  room.clock.pass(1_000);
  return room.line.url.split("?")[1];
}

test("a first handshake says nothing of announcements", () => {
  const room = arrive(7);
  assert.equal(room.line.url, "ws://here/chat/general/");
});

test("one who comes back says the newest that they were told", () => {
  const room = arrive(7, 6);
  room.synced(3);
  assert.equal(comeBack(room), "cursor=3&announced=7");
});

test("what is announced live counts", () => {
  const room = arrive(7);
  room.synced(3);
  room.say(announcement(9));
  room.say(announcement(8));
  assert.equal(comeBack(room), "cursor=3&announced=9");
});

test("before synced nothing is known for sure", () => {
  const room = arrive(7, 12);
  assert.equal(comeBack(room), undefined);
});

test("a line that dies while it comes back takes nothing away", () => {
  const room = arrive(7);
  room.synced(3);
  comeBack(room);
  room.join({ announced: 20 });
  room.say(announcement(20));
  assert.equal(comeBack(room), "cursor=3&announced=7");
});

test("a server that names none is told nothing", () => {
  const room = arrive(undefined, 5);
  room.synced(3);
  assert.equal(comeBack(room), "cursor=3");
});

test("every announcement is passed on", () => {
  const room = arrive(7, 6);
  room.synced(3);
  room.say(announcement(8));
  assert.deepEqual(room.of("announcement").map(({ id }) => id), [6, 8]);
});
