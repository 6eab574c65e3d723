// Tests of the first view: the messages that the page contains of its room, before the socket connects.

import assert from "node:assert/strict";
import test from "node:test";

import { Room, message } from "./room.mjs";

function makeMessages(first, last) {
  const messages = [];
  for (let id = first; id <= last; id += 1) messages.push(message(id));
  return messages;
}

function makeView(count, more = {}) {
  const messages = makeMessages(1, count);
  return { offset: count, read: count, unread: 0, first_unread: null, messages, more_after: false, ...more };
}

function open(firstView, options) {
  const room = new Room({ firstView, ...options });
  room.socket.open();
  return room;
}

const viewsOf = (room) => room.emittedOf("first view").map(({ messages }) => messages.map(({ id }) => id));

test("the page gets its messages before the socket connects", () => {
  const room = open(makeView(3));
  assert.deepEqual(viewsOf(room), [[1, 2, 3]]);
  assert.equal(room.emitted[0][0], "first view");
  assert.equal(room.attempts, 1);
  assert.equal(room.emittedOf("joined").length, 0);
});

test("the socket asks only for what has changed after the first view", () => {
  const room = open(makeView(3));
  assert.equal(new URL(room.transport.url).searchParams.get("cursor"), "3");
  assert.equal(room.socket.cursor, 3);
  assert.equal(room.socket.completeFrom, 1);
});

test("a message of the page that arrives again is not drawn again", () => {
  const room = open(makeView(3));
  room.join();
  room.deliver(message(3));
  room.synced(3);
  assert.deepEqual(room.drawn, []);
  assert.equal(room.emittedOf("reset").length, 0);
});

test("messages that were sent while the page loaded are drawn once", () => {
  const room = open(makeView(3));
  // One arrives before `joined`, and again in the backlog.
  room.transport.accept();
  room.deliver(message(4));
  room.deliver({ type: "joined", you: { handle: "alice", role: "member" }, offset: 4, present: [], count: 1 });
  room.deliver(message(4));
  room.deliver(message(2, 5));
  room.synced(5);
  assert.deepEqual(room.drawn, [[4, 4], [2, 5]]);
  assert.equal(room.socket.cursor, 5);
});

test("a first connection that fails does not show the messages twice, and the next one has the same cursor", () => {
  const room = open(makeView(3));
  room.transport.disconnect(1006);
  room.clock.advance(1_000);
  assert.equal(room.attempts, 2);
  assert.equal(new URL(room.transport.url).searchParams.get("cursor"), "3");
  assert.equal(viewsOf(room).length, 1);
  room.join();
  room.deliver(message(4));
  room.synced(4);
  assert.deepEqual(room.drawn, [[4, 4]]);
});

test("a room that leaves the page and returns does not take the first view again", () => {
  const room = open(makeView(3));
  room.join();
  room.deliver(message(4));
  room.synced(4);
  room.socket.close();
  room.socket.open();
  assert.equal(viewsOf(room).length, 1);
  assert.equal(new URL(room.transport.url).searchParams.get("cursor"), "4");
});

test("a server that has lost the messages replaces them", () => {
  const room = open(makeView(3));
  room.join({ offset: 1, reset: true });
  room.deliver(message(1));
  room.synced(1);
  assert.equal(room.emittedOf("reset").length, 1);
  assert.deepEqual(room.drawn, [[1, 1]]);
  assert.equal(room.socket.cursor, 1);
});

test("an empty room is complete before the socket connects", () => {
  const room = open(makeView(0));
  assert.deepEqual(viewsOf(room), [[]]);
  assert.equal(new URL(room.transport.url).searchParams.get("cursor"), "0");
  assert.equal(room.socket.hasOlder, false);
});

test("the client knows that older messages exist, and fetches a page of them only after it has connected", () => {
  const messages = makeMessages(51, 100);
  const room = open(makeView(0, { offset: 100, messages }));
  assert.equal(room.socket.hasOlder, true);
  room.socket.fetchOlder();
  assert.equal(room.transport.sentOf("fetch").length, 0);
  room.join();
  room.synced(100);
  assert.deepEqual(room.transport.sentOf("fetch").map(({ before }) => before), [51]);
});

test("a page may open at older messages: newer ones stay outside until they are fetched", () => {
  const room = open(makeView(0, { offset: 100, messages: makeMessages(1, 50), more_after: true }));
  assert.equal(new URL(room.transport.url).searchParams.get("cursor"), "100");
  assert.equal(room.socket.pages.hasNewer, true);
  room.join();
  room.deliver(message(101));
  room.synced(101);
  assert.deepEqual(room.drawn, []);
  assert.deepEqual(room.emittedOf("outside").map(({ id }) => id), [101]);
  room.socket.pages.fetchNewer();
  const [fetch] = room.transport.sentOf("fetch");
  room.deliver({ type: "page", ref: fetch.ref, messages: makeMessages(1, 101), more: false, more_after: false });
  assert.deepEqual(room.emittedOf("page")[0].messages.map(({ id }) => id), makeMessages(51, 101).map(({ id }) => id));
  assert.equal(room.socket.pages.hasNewer, false);
});

test("a change that the person makes before the client connects is sent once, after the client has connected", () => {
  const room = open(makeView(1));
  room.changes.react(1, "👍", true);
  assert.equal(room.transport.sentOf("react").length, 0);
  room.join();
  room.synced(1);
  assert.equal(room.transport.sentOf("react").length, 1);
});

test("the outbox is not sent if another person has signed in meanwhile", () => {
  const room = open(makeView(1), { person: "key of alice" });
  room.changes.react(1, "👍", true);
  room.join({ you: { handle: "alice", role: "member", person: "key of another alice" } });
  assert.equal(room.transport.sentOf("react").length, 0);
});

test("a page without a first view connects without a cursor", () => {
  const room = open(null);
  assert.deepEqual(viewsOf(room), []);
  assert.equal(new URL(room.transport.url).search, "");
});

test("nothing is older than the first message that retention has left", () => {
  const messages = makeMessages(51, 60);
  const room = open(makeView(60, { messages }));
  assert.equal(room.socket.hasOlder, true);
  room.join({ offset: 60, room: { slug: "general", kept_from: 51, kept_days: 30 } });
  assert.equal(room.socket.hasOlder, false);
  room.deliver({ type: "expired", before: 40 });
  assert.equal(room.attempts, 1);
});
