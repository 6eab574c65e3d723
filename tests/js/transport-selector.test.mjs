// Tests of the choice of transport: websockets first, polling where no websocket works, and later a websocket again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { TransportSelector, isPollingForced } from "../../chat/static/chat/connection/transport-selector.js";
import { makeFakeWebSocket } from "./fakes.mjs";
import { Room } from "./room.mjs";

const ROOM_URL = "ws://here/chat/general/";

/** A fake transport that also says which addresses can be polled. */
function makeFakePolling() {
  return class FakePolling extends makeFakeWebSocket() {
    static serves = (url) => url.includes("/chat/");
  };
}

function makeSelector(options = {}) {
  const clock = { time: 0 };
  const transports = { WebSocket: "socket", LongPolling: { serves: (url) => url.includes("/chat/") } };
  const selector = new TransportSelector({ isForced: () => false, now: () => clock.time, ...transports, ...options });
  const choose = (url = ROOM_URL) => (selector.choose(url) === "socket" ? "socket" : "poll");
  return { selector, choose, clock, chooseAndFail: () => [choose(), selector.failed()][0] };
}

test("websockets are tried first, and polling and websockets alternate after two failures", () => {
  const { chooseAndFail } = makeSelector();
  const tried = Array.from({ length: 7 }, chooseAndFail);
  assert.deepEqual(tried, ["socket", "socket", "poll", "socket", "poll", "socket", "poll"]);
});

test("polling that works is kept, and a websocket is tried every five minutes", () => {
  const { selector, choose, clock, chooseAndFail } = makeSelector();
  chooseAndFail();
  chooseAndFail();
  assert.equal(choose(), "poll");
  selector.opened();
  clock.time = 299_999;
  assert.equal(choose(), "poll");
  clock.time = 300_000;
  assert.equal(choose(), "socket");
  selector.failed();
  assert.equal(choose(), "poll");
});

test("after polling stops working, both transports are tried in turn", () => {
  const { selector, choose, chooseAndFail } = makeSelector();
  chooseAndFail();
  chooseAndFail();
  choose();
  selector.opened();
  assert.deepEqual(Array.from({ length: 4 }, chooseAndFail), ["poll", "socket", "poll", "socket"]);
});

test("after a websocket has opened once, only eight failures in a row lead to polling", () => {
  const { selector, choose, chooseAndFail } = makeSelector();
  choose();
  selector.opened();
  const tried = Array.from({ length: 10 }, chooseAndFail);
  assert.deepEqual(tried, [...Array(8).fill("socket"), "poll", "socket"]);
  selector.opened();
  assert.deepEqual(Array.from({ length: 8 }, chooseAndFail), Array(8).fill("socket"));
});

test("failures without a network do not lead to polling", () => {
  let isOffline = true;
  const { chooseAndFail } = makeSelector({ isOffline: () => isOffline });
  assert.deepEqual(new Set(Array.from({ length: 20 }, chooseAndFail)), new Set(["socket"]));
  isOffline = false;
  assert.deepEqual([chooseAndFail(), chooseAndFail(), chooseAndFail()], ["socket", "socket", "poll"]);
});

test("an address that cannot be polled always uses websockets", () => {
  const { selector, chooseAndFail, choose } = makeSelector();
  for (let time = 0; time < 5; time += 1) chooseAndFail();
  assert.equal(choose("ws://here/lobby/"), "socket");
  assert.equal(selector.openTimeoutMs, null);
});

test("polling is used at once if the browser has no WebSocket or polling is forced", () => {
  assert.equal(makeSelector({ WebSocket: undefined }).choose(), "poll");
  assert.equal(makeSelector({ isForced: () => true }).choose(), "poll");
  assert.equal(makeSelector({ LongPolling: null, isForced: () => true }).choose(), "socket");
});

test("the page's address or localStorage can force polling", () => {
  const storage = (value) => ({ getItem: () => value });
  assert.equal(isPollingForced({ location: { search: "?a=b&transport=poll" } }), true);
  assert.equal(isPollingForced({ location: { search: "?transport=socket" }, localStorage: storage(null) }), false);
  assert.equal(isPollingForced({ location: { search: "" }, localStorage: storage("poll") }), true);
  const forbidden = { location: { search: "" }, get localStorage() { throw new Error("no storage here"); } };
  assert.equal(isPollingForced(forbidden), false);
});

test("a room whose websockets never open joins by polling, with the usual backoff", () => {
  const LongPolling = makeFakePolling();
  const room = new Room({ LongPolling });
  room.socket.open();
  room.transport.disconnect(1006);
  room.clock.advance(250);
  room.transport.disconnect(1006);
  room.clock.advance(500);
  assert.equal(room.attempts, 2);
  LongPolling.last.accept();
  LongPolling.last.deliver({ type: "joined", you: { handle: "alice", role: "member" }, offset: 0, present: [], count: 1 });
  LongPolling.last.deliver({ type: "synced", offset: 0, more: false });
  assert.equal(room.socket.cursor, 0);
  room.changes.post("hello");
  assert.equal(LongPolling.last.sentOf("post").length, 1);
  LongPolling.last.disconnect(4408);
  room.clock.advance(0);
  assert.equal(LongPolling.all.length, 2);
  assert.equal(room.attempts, 2);
});

test("a websocket that neither opens nor fails is replaced after 10 s if polling is possible", () => {
  const room = new Room({ LongPolling: makeFakePolling() });
  room.socket.open();
  room.clock.advance(10_250);
  assert.equal(room.attempts, 2);
});

test("an opened websocket has 20 s until synced", () => {
  const room = new Room({ LongPolling: makeFakePolling() });
  room.socket.open();
  room.transport.accept();
  room.clock.advance(19_999);
  assert.equal(room.attempts, 1);
  room.clock.advance(251);
  assert.equal(room.attempts, 2);
});
