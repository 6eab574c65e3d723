// Tests of reconnecting: close codes, backoff, heartbeat.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Room } from "./room.mjs";

for (const code of [1007, 1009, 4401, 4403, 4404]) {
  test(`after close code ${code} the client does not reconnect`, () => {
    const room = new Room().joinAt(3);
    room.transport.disconnect(code);
    room.socket.checkConnection();
    room.clock.advance(600_000);
    assert.equal(room.attempts, 1);
    assert.deepEqual(room.emittedOf("status").at(-1), { state: "closed", code, willReconnect: false });
  });
}

for (const code of [1000, 1001, 1006, 1011, 1012, 1013]) {
  test(`after close code ${code} the client reconnects with the cursor after a short delay`, () => {
    const room = new Room().joinAt(3);
    room.transport.disconnect(code);
    assert.equal(room.attempts, 1);
    room.clock.advance(250);
    assert.equal(room.attempts, 2);
    assert.equal(room.transport.url, "ws://here/chat/general/?cursor=3");
  });
}

test("after close code 4408 the client reconnects at once", () => {
  const room = new Room().joinAt(3);
  room.transport.disconnect(4408);
  room.clock.advance(0);
  assert.equal(room.attempts, 2);
});

test("after close code 4408 before the first synced the client waits before it reconnects", () => {
  const room = new Room();
  room.socket.open();
  room.transport.disconnect(4408);
  room.clock.advance(0);
  assert.equal(room.attempts, 1);
});

test("after close code 4429 the client waits for the last retry_after, even when the page becomes visible", () => {
  const room = new Room().joinAt(3);
  room.deliver({ type: "rejected", ref: null, code: "rate_limited", detail: "", retry_after: 30 });
  room.transport.disconnect(4429);
  room.clock.advance(29_999);
  room.socket.checkConnection();
  assert.equal(room.attempts, 1);
  room.clock.advance(1_001);
  assert.equal(room.attempts, 2);
});

test("the retry_after of a refusal before joined sets the wait", () => {
  const room = new Room();
  room.socket.open();
  room.transport.accept();
  room.deliver({ type: "rejected", ref: null, code: "rate_limited", detail: "", retry_after: 60 });
  room.transport.disconnect(4429);
  room.clock.advance(59_999);
  assert.equal(room.attempts, 1);
});

test("a page that is online again replaces an attempt that hangs", () => {
  const room = new Room();
  room.socket.open();
  room.clock.advance(1_999);
  room.socket.checkConnection();
  assert.equal(room.attempts, 1);
  room.clock.advance(1);
  room.socket.checkConnection();
  assert.equal(room.attempts, 2);
});

test("an attempt that fails right after the page is online again is repeated soon", () => {
  const room = new Room({ random: () => 1 });
  room.socket.open();
  for (const wait of [250, 500, 1_000, 2_000, 4_000]) {
    room.transport.disconnect(1006);
    room.clock.advance(wait);
  }
  const { attempts } = room;
  room.socket.checkConnection();
  room.transport.disconnect(1006);
  room.clock.advance(250);
  assert.equal(room.attempts, attempts + 1);
});

test("the delays double from a quarter of a second to 15 seconds, with jitter", () => {
  const waits = (random) => {
    const room = new Room({ random: () => random });
    room.socket.open();
    return Array.from({ length: 9 }, () => {
      room.transport.disconnect(1006);
      const { until } = room.emittedOf("status").at(-1);
      const wait = until - room.clock.time;
      room.clock.advance(wait);
      return wait;
    });
  };
  assert.deepEqual(waits(1), [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  assert.deepEqual(waits(0), [125, 250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
});

test("a stable connection resets the backoff", () => {
  const room = new Room({ random: () => 1 });
  room.socket.open();
  for (let time = 0; time < 6; time += 1) {
    room.transport.disconnect(1006);
    room.clock.advance(15_000);
  }
  room.join();
  room.synced(0);
  room.clock.advance(5_000);
  room.transport.disconnect(1006);
  assert.equal(room.emittedOf("status").at(-1).until - room.clock.time, 250);
});

test("checkConnection reconnects at once", () => {
  const room = new Room().joinAt(3);
  room.transport.disconnect(1006);
  room.socket.checkConnection();
  assert.equal(room.attempts, 2);
  room.clock.advance(10_000);
  assert.equal(room.attempts, 2);
});

test("a heartbeat is sent every 25 s, with jitter", () => {
  const room = new Room().joinAt(3);
  room.clock.advance(24_999);
  assert.deepEqual(room.transport.sent, []);
  room.clock.advance(1);
  assert.deepEqual(room.transport.sent, [{ type: "sync", cursor: 3 }]);
  room.synced(3);
  room.clock.advance(25_000);
  assert.equal(room.transport.sent.length, 2);
});

test("a connection without synced 10 s after a sync is treated as dead", () => {
  const room = new Room().joinAt(3);
  const first = room.transport;
  room.clock.advance(25_000);
  assert.equal(first.sentOf("sync").length, 1);
  room.clock.advance(9_999);
  assert.equal(first.isClosed, false);
  room.clock.advance(1);
  assert.equal(first.isClosed, true);
  room.clock.advance(250);
  assert.equal(room.attempts, 2);
});

test("after checkConnection the client waits 3 s for synced, and then reconnects at once", () => {
  const room = new Room().joinAt(3);
  const first = room.transport;
  room.socket.checkConnection();
  room.clock.advance(2_999);
  assert.equal(room.attempts, 1);
  room.clock.advance(1);
  assert.equal(first.isClosed, true);
  assert.equal(room.attempts, 2);
  assert.equal(room.transport.url, "ws://here/chat/general/?cursor=3");
});

test("checkConnection shortens the timeout of a sync that is under way", () => {
  const room = new Room().joinAt(3);
  room.clock.advance(25_000);
  room.clock.advance(1_000);
  room.socket.checkConnection();
  assert.equal(room.transport.sentOf("sync").length, 1);
  room.clock.advance(3_000);
  assert.equal(room.attempts, 2);
});

test("repeated checks do not extend the timeout", () => {
  const room = new Room().joinAt(3);
  for (let time = 0; time < 3; time += 1) {
    room.socket.checkConnection();
    room.clock.advance(1_000);
  }
  assert.equal(room.attempts, 2);
});

test("an answer in time keeps the connection, and the next heartbeat has a timeout of 10 s again", () => {
  const room = new Room().joinAt(3);
  room.socket.checkConnection();
  room.clock.advance(2_000);
  room.synced(3);
  room.clock.advance(25_000 + 9_999);
  assert.equal(room.attempts, 1);
});

test("a connection whose backlog does not end is replaced 3 s after checkConnection", () => {
  const room = new Room().joinAt(3);
  room.transport.disconnect(1006);
  room.socket.checkConnection();
  room.join();
  room.socket.checkConnection();
  room.clock.advance(3_000);
  assert.equal(room.attempts, 3);
});

test("late events of a dead connection are ignored", () => {
  const room = new Room().joinAt(3);
  const first = room.transport;
  room.socket.checkConnection();
  room.clock.advance(3_300);
  first.disconnect(4403);
  first.deliver({ type: "synced", offset: 99, more: false });
  assert.equal(room.socket.cursor, 3);
  assert.notEqual(room.emittedOf("status").at(-1).state, "closed");
});

test("a refused sync is sent again on the same connection", () => {
  const room = new Room().joinAt(3);
  room.socket.checkConnection();
  room.deliver({ type: "rejected", ref: null, code: "rate_limited", detail: "", retry_after: 12 });
  room.clock.advance(12_000);
  assert.equal(room.attempts, 1);
  assert.equal(room.transport.sentOf("sync").length, 2);
});

test("a connection without synced after 20 s is replaced", () => {
  const room = new Room();
  room.socket.open();
  room.clock.advance(20_250);
  assert.equal(room.attempts, 2);
  room.join();
  room.clock.advance(21_000);
  assert.equal(room.attempts, 3);
});

test("a connection that the page closed does not reconnect or send", () => {
  const room = new Room().joinAt(3);
  room.changes.post("hello");
  room.socket.close();
  room.clock.advance(100_000);
  assert.equal(room.attempts, 1);
  assert.equal(room.transport.sent.length, 1);
});
