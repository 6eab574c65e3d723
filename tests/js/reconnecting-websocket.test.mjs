// Tests of the reconnecting WebSocket that the transport ships for the pages of any site.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ReconnectingWebSocket } from "../../channels_transport/static/channels_transport/reconnecting-websocket.js";
import { Clock } from "./fakes.mjs";

class FakeSocket extends EventTarget {
  readyState = 0;
  sent = [];
  send = (data) => void this.sent.push(data);

  constructor(url) {
    super();
    this.url = url;
  }

  accept() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  deliver(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  close(code) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

function makePage(options = {}) {
  const clock = new Clock();
  const page = { clock, sockets: [], events: [] };
  const url = () => `wss://here/?number=${page.sockets.length}`;
  page.client = new ReconnectingWebSocket(url, {
    makeSocket: (address) => {
      page.sockets.push(new FakeSocket(address));
      return page.sockets.at(-1);
    },
    timers: clock.timers,
    now: clock.now,
    random: () => 1,
    ...options,
  });
  for (const name of ["open", "message", "close"]) {
    page.client.addEventListener(name, (event) => page.events.push([name, event.data ?? event.detail ?? null]));
  }
  return page;
}

test("the events of the socket arrive, and a frame is sent only while it is open", () => {
  const { client, sockets, events } = makePage();
  assert.equal(client.send("too early"), false);
  sockets[0].accept();
  sockets[0].deliver("hello");
  assert.equal(client.send("frame"), true);
  assert.deepEqual(sockets[0].sent, ["frame"]);
  assert.deepEqual(events, [["open", null], ["message", "hello"]]);
});

test("binary messages have the type that the page has chosen, also after a new connection", () => {
  assert.equal(makePage().sockets[0].binaryType, "blob");
  const { sockets, client, events } = makePage({ binaryType: "arraybuffer" });
  sockets[0].accept();
  const bytes = new Uint8Array([0, 255]).buffer;
  sockets[0].deliver(bytes);
  assert.ok(client.send(bytes));
  assert.deepEqual([events.at(-1), sockets[0].sent], [["message", bytes], [bytes]]);
  sockets[0].close(4408);
  client.reconnectNow();
  assert.equal(sockets.at(-1).binaryType, "arraybuffer");
});

test("after 4408 the client connects at once, with the URL of that time", () => {
  const { clock, sockets, events } = makePage();
  sockets[0].accept();
  clock.advance(5_000);
  sockets[0].close(4408);
  assert.deepEqual(events.at(-1), ["close", { code: 4408, willReconnect: true }]);
  clock.advance(0);
  assert.equal(sockets[1].url, "wss://here/?number=1");
});

test("after 4408 on a new connection the client waits, so that it cannot loop", () => {
  const { clock, sockets } = makePage();
  sockets[0].accept();
  sockets[0].close(4408);
  clock.advance(999);
  assert.equal(sockets.length, 1);
  clock.advance(1);
  assert.equal(sockets.length, 2);
});

test("the pause doubles up to half a minute, and is short again after a good connection", () => {
  const { clock, sockets } = makePage();
  for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const { length } = sockets;
    sockets.at(-1).close(1006);
    clock.advance(pause - 1);
    assert.equal(sockets.length, length);
    clock.advance(1);
    assert.equal(sockets.length, length + 1);
  }
  sockets.at(-1).accept();
  clock.advance(5_000);
  sockets.at(-1).close(1001);
  const { length } = sockets;
  clock.advance(500);
  assert.equal(sockets.length, length + 1);
});

test("after 4429 the client waits for at least 15 seconds", () => {
  const { clock, sockets } = makePage({ random: () => 0 });
  sockets[0].accept();
  clock.advance(60_000);
  sockets[0].close(4429);
  clock.advance(14_999);
  assert.equal(sockets.length, 1);
  clock.advance(1);
  assert.equal(sockets.length, 2);
});

test("after a final code, or after close, the client does not connect again", () => {
  const { clock, sockets, events } = makePage({ finalCodes: [4403] });
  sockets[0].accept();
  sockets[0].close(4403);
  assert.deepEqual(events.at(-1), ["close", { code: 4403, willReconnect: false }]);
  clock.advance(600_000);
  assert.equal(sockets.length, 1);
  const other = makePage();
  other.sockets[0].accept();
  other.client.close();
  other.client.reconnectNow();
  other.clock.advance(600_000);
  assert.equal(other.sockets.length, 1);
});

test("the page can replace an attempt that hangs, and its late close has no effect", () => {
  const { client, clock, sockets } = makePage();
  clock.advance(1_999);
  client.reconnectNow();
  assert.equal(sockets.length, 1);
  clock.advance(1);
  client.reconnectNow();
  assert.equal(sockets.length, 2);
  sockets[1].accept();
  sockets[0].close(1006);
  clock.advance(600_000);
  assert.deepEqual([sockets.length, client.isOpen], [2, true]);
});

test("the page can end a pause", () => {
  const { client, clock, sockets } = makePage();
  client.reconnectNow();
  assert.equal(sockets.length, 1);
  sockets[0].close(1006);
  client.reconnectNow();
  assert.equal(sockets.length, 2);
  clock.advance(600_000);
  assert.equal(sockets.length, 2);
});
