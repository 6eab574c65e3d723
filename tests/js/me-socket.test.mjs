// Tests of the connection to a person's own stream.

import assert from "node:assert/strict";
import test from "node:test";

import { HEARTBEAT_MS, MeSocket, SYNCED_TIMEOUT_MS, URGENT_TIMEOUT_MS } from "../../chat/static/chat/connection/me-socket.js";
import { Clock, makeFakeWebSocket } from "./fakes.mjs";

const LONG_MS = 60_000;

function open() {
  const clock = new Clock();
  const WebSocket = makeFakeWebSocket();
  const emitted = [];
  const socket = new MeSocket({ url: "ws://here/me/", WebSocket, timers: clock.timers, now: clock.now, random: () => 0.5, posts: () => 7 });
  for (const type of ["workspace", "room", "mention", "unknown"]) socket.on(type, (detail) => emitted.push([type, detail]));
  socket.open();
  WebSocket.last.accept();
  return { clock, WebSocket, emitted, socket };
}

function start(me) {
  me.WebSocket.last.deliver({ type: "workspace", rooms: [] });
  return me;
}

test("the events of the stream are emitted", () => {
  const { WebSocket, emitted } = start(open());
  WebSocket.last.deliver({ type: "room", slug: "a", posts: 3 });
  WebSocket.last.deliver("no json");
  assert.deepEqual(emitted.map(([type]) => type), ["workspace", "room"]);
});

test("the heartbeat says how many messages the client knows, and a dead connection is replaced", () => {
  const { clock, WebSocket } = start(open());
  clock.advance(HEARTBEAT_MS);
  assert.deepEqual(WebSocket.last.sentOf("sync"), [{ type: "sync", posts: 7 }]);
  WebSocket.last.deliver({ type: "synced" });
  clock.advance(HEARTBEAT_MS + SYNCED_TIMEOUT_MS + 500);
  assert.equal(WebSocket.all.length, 2);
});

test("a heartbeat that is refused for a while is repeated on the same connection", () => {
  for (const code of ["rate_limited", "unavailable"]) {
    const { clock, WebSocket } = start(open());
    clock.advance(HEARTBEAT_MS);
    WebSocket.last.deliver({ type: "rejected", ref: null, code, detail: "", retry_after: 12 });
    clock.advance(11_900);
    assert.equal(WebSocket.last.sentOf("sync").length, 1);
    clock.advance(200);
    assert.equal(WebSocket.last.sentOf("sync").length, 2);
    clock.advance(SYNCED_TIMEOUT_MS - 500);
    assert.equal(WebSocket.all.length, 1);
  }
});

test("a dead connection is found soon when the person returns to the page", () => {
  const { clock, WebSocket, socket } = start(open());
  socket.checkConnection();
  clock.advance(URGENT_TIMEOUT_MS + 500);
  assert.equal(WebSocket.all.length, 2);
});

test("the heartbeat says when the person uses the page", () => {
  const { clock, WebSocket, socket } = start(open());
  socket.isActive = () => true;
  clock.advance(HEARTBEAT_MS);
  assert.deepEqual(WebSocket.last.sentOf("sync"), [{ type: "sync", posts: 7, active: true }]);
});

test("a request is sent again on the next connection until it is answered", async () => {
  const { clock, WebSocket, socket } = start(open());
  const answer = socket.request("level", { room: "a", level: "none" });
  const [{ ref }] = WebSocket.last.sentOf("level");
  WebSocket.last.disconnect(1006);
  clock.advance(1_000);
  WebSocket.last.accept();
  WebSocket.last.deliver({ type: "workspace", rooms: [] });
  assert.deepEqual(WebSocket.last.sentOf("level"), [{ type: "level", ref, room: "a", level: "none" }]);
  WebSocket.last.deliver({ type: "ack", ref });
  assert.equal((await answer).type, "ack");
});

test("a server without the stream is not asked again", () => {
  const { clock, WebSocket, emitted } = open();
  WebSocket.last.disconnect(4404);
  clock.advance(LONG_MS);
  assert.deepEqual([WebSocket.all.length, emitted], [1, [["unknown", {}]]]);
});

test("a closed stream sends nothing more", () => {
  const { clock, WebSocket, socket } = start(open());
  socket.close();
  clock.advance(LONG_MS);
  assert.deepEqual([WebSocket.all.length, WebSocket.last.isClosed, WebSocket.last.sent], [1, true, []]);
});
