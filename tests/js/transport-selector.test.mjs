// Which way is tried: sockets first, polling where none gets through, and back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Ways, isPollingForced } from "../../chat/static/chat/connection/transport-selector.js";
import { fakeWebSocket } from "./fakes.mjs";
import { Room } from "./room.mjs";

const URL_ = "ws://here/chat/general/";

/** A fake that also says what can be polled. */
function fakePoll() {
  return class FakePoll extends fakeWebSocket() {
    static serves = (url) => url.includes("/chat/");
  };
}

function ways(options = {}) {
  const clock = { time: 0 };
  const made = { WebSocket: "socket", Poll: { serves: (url) => url.includes("/chat/") }, now: () => clock.time };
  const one = new Ways({ isForced: () => false, ...made, ...options });
  const choose = (url = URL_) => (one.choose(url) === "socket" ? "socket" : "poll");
  return { one, choose, clock, failing: () => [choose(), one.failed()][0] };
}

test("sockets first; after two that never opened polling; and if that fails too, in turn", () => {
  const { failing } = ways();
  const tried = Array.from({ length: 7 }, failing);
  assert.deepEqual(tried, ["socket", "socket", "poll", "socket", "poll", "socket", "poll"]);
});

test("where polling works it is kept, and now and then a socket is tried", () => {
  const { one, choose, clock, failing } = ways();
  failing();
  failing();
  assert.equal(choose(), "poll");
  one.opened();
  clock.time = 299_999;
  assert.equal(choose(), "poll");
  clock.time = 300_000;
  assert.equal(choose(), "socket");
  one.failed();
  assert.equal(choose(), "poll");
});

test("where polling has worked and does not any more, both are tried", () => {
  const { one, choose, failing } = ways();
  failing();
  failing();
  choose();
  one.opened();
  assert.deepEqual(Array.from({ length: 4 }, failing), ["poll", "socket", "poll", "socket"]);
});

test("once a socket has opened, only many failures in a row lead to polling", () => {
  const { one, choose, failing } = ways();
  choose();
  one.opened();
  const tried = Array.from({ length: 10 }, failing);
  assert.deepEqual(tried, [...Array(8).fill("socket"), "poll", "socket"]);
  one.opened();
  assert.deepEqual(Array.from({ length: 8 }, failing), Array(8).fill("socket"));
});

test("what cannot be polled is not", () => {
  const { one, failing, choose } = ways();
  for (let time = 0; time < 5; time += 1) failing();
  assert.equal(choose("ws://here/lobby/"), "socket");
  assert.equal(one.patience, null);
});

test("without sockets, or forced to, it polls from the first", () => {
  assert.equal(ways({ WebSocket: undefined }).choose(), "poll");
  assert.equal(ways({ isForced: () => true }).choose(), "poll");
  assert.equal(ways({ Poll: null, isForced: () => true }).choose(), "socket");
});

test("the page's address or the browser's storage force it", () => {
  const storage = (value) => ({ getItem: () => value });
  assert.equal(isPollingForced({ location: { search: "?a=b&transport=poll" } }), true);
  assert.equal(isPollingForced({ location: { search: "?transport=socket" }, localStorage: storage(null) }), false);
  assert.equal(isPollingForced({ location: { search: "" }, localStorage: storage("poll") }), true);
  const forbidden = { location: { search: "" }, get localStorage() { throw new Error("no storage here"); } };
  assert.equal(isPollingForced(forbidden), false);
});

test("a room whose sockets never open comes in by polling, with its backoff, and stays there", () => {
  const Poll = fakePoll();
  const room = new Room({ Poll });
  room.socket.open();
  room.line.end(1006);
  room.clock.pass(250);
  room.line.end(1006);
  room.clock.pass(500);
  assert.equal(room.attempts, 2);
  Poll.last.accept();
  Poll.last.say({ type: "joined", you: { handle: "alice", role: "member" }, offset: 0, present: [], count: 1 });
  Poll.last.say({ type: "synced", offset: 0, more: false });
  assert.equal(room.socket.cursor, 0);
  room.socket.post("hello");
  assert.equal(Poll.last.sentOf("post").length, 1);
  Poll.last.end(4408);
  room.clock.pass(0);
  assert.equal(Poll.all.length, 2);
  assert.equal(room.attempts, 2);
});

test("a socket that neither opens nor fails is given up sooner where there is another way", () => {
  const room = new Room({ Poll: fakePoll() });
  room.socket.open();
  room.clock.pass(10_250);
  assert.equal(room.attempts, 2);
});

test("a socket that has opened gets all the time it may take", () => {
  const room = new Room({ Poll: fakePoll() });
  room.socket.open();
  room.line.accept();
  room.clock.pass(19_999);
  assert.equal(room.attempts, 1);
  room.clock.pass(251);
  assert.equal(room.attempts, 2);
});
