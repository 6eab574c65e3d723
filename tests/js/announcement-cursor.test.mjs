// Tests of the announcement cursor: which announcements a tab has received, and what a reconnect sends about them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Room } from "./room.mjs";

const announcement = (id) => ({ type: "announcement", id, text: `word ${id}`, level: "info", at: "2026-11-20T12:00:00.000Z" });

function joinedRoom(announced, ...unreceived) {
  const room = new Room();
  room.socket.open();
  room.join({ announced });
  for (const id of unreceived) room.deliver(announcement(id));
  return room;
}

function reconnectQuery(room) {
  room.transport.disconnect(1006);
  room.clock.advance(1_000);
  return room.transport.url.split("?")[1];
}

test("the first handshake has no announcement cursor", () => {
  const room = joinedRoom(7);
  assert.equal(room.transport.url, "ws://here/chat/general/");
});

test("a reconnect sends the id of the newest announcement that the client received", () => {
  const room = joinedRoom(7, 6);
  room.synced(3);
  assert.equal(reconnectQuery(room), "cursor=3&announced=7");
});

test("a live announcement counts as received", () => {
  const room = joinedRoom(7);
  room.synced(3);
  room.deliver(announcement(9));
  room.deliver(announcement(8));
  assert.equal(reconnectQuery(room), "cursor=3&announced=9");
});

test("a reconnect before synced sends no announcement cursor", () => {
  const room = joinedRoom(7, 12);
  assert.equal(reconnectQuery(room), undefined);
});

test("a connection that dies before synced does not change the announcement cursor", () => {
  const room = joinedRoom(7);
  room.synced(3);
  reconnectQuery(room);
  room.join({ announced: 20 });
  room.deliver(announcement(20));
  assert.equal(reconnectQuery(room), "cursor=3&announced=7");
});

test("the client sends no announcement cursor to a server that sends none", () => {
  const room = joinedRoom(undefined, 5);
  room.synced(3);
  assert.equal(reconnectQuery(room), "cursor=3");
});

test("every announcement is emitted", () => {
  const room = joinedRoom(7, 6);
  room.synced(3);
  room.deliver(announcement(8));
  assert.deepEqual(room.emittedOf("announcement").map(({ id }) => id), [6, 8]);
});
