// Coming back: close codes, backoff, heartbeat.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Room } from "./room.mjs";

for (const code of [1007, 1009, 4401, 4403, 4404]) {
  test(`${code} is final`, () => {
    const room = new Room().arrive(3);
    room.line.end(code);
    room.socket.hurry();
    room.clock.pass(600_000);
    assert.equal(room.attempts, 1);
    assert.deepEqual(room.of("status").at(-1), { state: "closed", code, returns: false });
  });
}

for (const code of [1000, 1001, 1006, 1011, 1012, 1013]) {
  test(`${code} comes back with its cursor after a short while`, () => {
    const room = new Room().arrive(3);
    room.line.end(code);
    assert.equal(room.attempts, 1);
    room.clock.pass(250);
    assert.equal(room.attempts, 2);
    assert.equal(room.line.url, "ws://here/chat/general/?cursor=3");
  });
}

test("4408 comes back at once", () => {
  const room = new Room().arrive(3);
  room.line.end(4408);
  room.clock.pass(0);
  assert.equal(room.attempts, 2);
});

test("4408 before anything was synced backs off", () => {
  const room = new Room();
  room.socket.open();
  room.line.end(4408);
  room.clock.pass(0);
  assert.equal(room.attempts, 1);
});

test("4429 waits for the last retry_after, whoever hurries", () => {
  const room = new Room().arrive(3);
  room.say({ type: "rejected", ref: null, code: "rate_limited", detail: "", retry_after: 30 });
  room.line.end(4429);
  room.clock.pass(29_999);
  room.socket.hurry();
  assert.equal(room.attempts, 1);
  room.clock.pass(1_001);
  assert.equal(room.attempts, 2);
});

test("a refusal in the place of joined is heard", () => {
  const room = new Room();
  room.socket.open();
  room.line.accept();
  room.say({ type: "rejected", ref: null, code: "rate_limited", detail: "", retry_after: 60 });
  room.line.end(4429);
  room.clock.pass(59_999);
  assert.equal(room.attempts, 1);
});

test("the waits double from a quarter of a second to 15 seconds, with jitter", () => {
  const waits = (random) => {
    const room = new Room({ random: () => random });
    room.socket.open();
    return Array.from({ length: 9 }, () => {
      room.line.end(1006);
      const { until } = room.of("status").at(-1);
      const wait = until - room.clock.time;
      room.clock.pass(wait);
      return wait;
    });
  };
  assert.deepEqual(waits(1), [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  assert.deepEqual(waits(0), [125, 250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
});

test("a connection that held makes the next wait short again", () => {
  const room = new Room({ random: () => 1 });
  room.socket.open();
  for (let time = 0; time < 6; time += 1) {
    room.line.end(1006);
    room.clock.pass(15_000);
  }
  room.join();
  room.synced(0);
  room.clock.pass(5_000);
  room.line.end(1006);
  assert.equal(room.of("status").at(-1).until - room.clock.time, 250);
});

test("hurry ends the wait", () => {
  const room = new Room().arrive(3);
  room.line.end(1006);
  room.socket.hurry();
  assert.equal(room.attempts, 2);
  room.clock.pass(10_000);
  assert.equal(room.attempts, 2);
});

test("a heartbeat goes out every 25 s, give or take", () => {
  const room = new Room().arrive(3);
  room.clock.pass(24_999);
  assert.deepEqual(room.line.sent, []);
  room.clock.pass(1);
  assert.deepEqual(room.line.sent, [{ type: "sync", cursor: 3 }]);
  room.synced(3);
  room.clock.pass(25_000);
  assert.equal(room.line.sent.length, 2);
});

test("no synced within 10 s of a sync: the line is dead", () => {
  const room = new Room().arrive(3);
  const first = room.line;
  room.clock.pass(25_000);
  assert.equal(first.sentOf("sync").length, 1);
  room.clock.pass(9_999);
  assert.equal(first.isClosed, false);
  room.clock.pass(1);
  assert.equal(first.isClosed, true);
  room.clock.pass(250);
  assert.equal(room.attempts, 2);
});

test("who comes back waits 3 s for the answer, and is on a fresh line at once", () => {
  const room = new Room().arrive(3);
  const first = room.line;
  room.socket.hurry();
  room.clock.pass(2_999);
  assert.equal(room.attempts, 1);
  room.clock.pass(1);
  assert.equal(first.isClosed, true);
  assert.equal(room.attempts, 2);
  assert.equal(room.line.url, "ws://here/chat/general/?cursor=3");
});

test("who comes back shortens the wait for a sync that is under way", () => {
  const room = new Room().arrive(3);
  room.clock.pass(25_000);
  room.clock.pass(1_000);
  room.socket.hurry();
  assert.equal(room.line.sentOf("sync").length, 1);
  room.clock.pass(3_000);
  assert.equal(room.attempts, 2);
});

test("who comes back again and again is not kept waiting longer", () => {
  const room = new Room().arrive(3);
  for (let time = 0; time < 3; time += 1) {
    room.socket.hurry();
    room.clock.pass(1_000);
  }
  assert.equal(room.attempts, 2);
});

test("an answer in time keeps the line, and the next heartbeat has its ten seconds again", () => {
  const room = new Room().arrive(3);
  room.socket.hurry();
  room.clock.pass(2_000);
  room.synced(3);
  room.clock.pass(25_000 + 9_999);
  assert.equal(room.attempts, 1);
});

test("a backlog that never ends after coming back is not waited for either", () => {
  const room = new Room().arrive(3);
  room.line.end(1006);
  room.socket.hurry();
  room.join();
  room.socket.hurry();
  room.clock.pass(3_000);
  assert.equal(room.attempts, 3);
});

test("a dead line that speaks late is not heard", () => {
  const room = new Room().arrive(3);
  const first = room.line;
  room.socket.hurry();
  room.clock.pass(3_300);
  first.end(4403);
  first.say({ type: "synced", offset: 99, more: false });
  assert.equal(room.socket.cursor, 3);
  assert.notEqual(room.of("status").at(-1).state, "closed");
});

test("a refused sync is asked again instead of breaking the line", () => {
  const room = new Room().arrive(3);
  room.socket.hurry();
  room.say({ type: "rejected", ref: null, code: "rate_limited", detail: "", retry_after: 12 });
  room.clock.pass(12_000);
  assert.equal(room.attempts, 1);
  assert.equal(room.line.sentOf("sync").length, 2);
});

test("a connection that never gets anywhere is given up", () => {
  const room = new Room();
  room.socket.open();
  room.clock.pass(20_250);
  assert.equal(room.attempts, 2);
  room.join();
  room.clock.pass(21_000);
  assert.equal(room.attempts, 3);
});

test("closed by the page it stays closed and silent", () => {
  const room = new Room().arrive(3);
  room.socket.post("hello");
  room.socket.close();
  room.clock.pass(100_000);
  assert.equal(room.attempts, 1);
  assert.equal(room.line.sent.length, 1);
});
