// The outbox: nothing written is lost or sent otherwise than it was.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newRef } from "../../chat/static/chat/connection/outbox.js";
import { Storage } from "./fakes.mjs";
import { Room } from "./room.mjs";

const ack = (ref) => ({ type: "ack", ref, id: 1, offset: 1 });
const rejected = (ref, code, more = {}) => ({ type: "rejected", ref, code, detail: code, ...more });

test("refs are of the allowed letters and differ", () => {
  const refs = new Set(Array.from({ length: 500 }, () => newRef()));
  assert.equal(refs.size, 500);
  for (const ref of refs) assert.match(ref, /^[A-Za-z0-9_-]{1,64}$/);
});

test("a post is trimmed once and leaves the outbox with its ack", () => {
  const room = new Room().arrive();
  const ref = room.socket.post("  hello \n");
  assert.deepEqual(room.line.sent, [{ type: "post", body: "hello", ref }]);
  room.say(ack(ref));
  assert.deepEqual(room.socket.pending, []);
  assert.equal(room.of("acked")[0].event.body, "hello");
  assert.equal(room.storage.values.size, 0);
  assert.equal(room.socket.cursor, 0);
});

test("without an answer the same event goes again every 5 s", () => {
  const room = new Room().arrive();
  room.socket.post("hello", 7);
  room.clock.pass(4_999);
  assert.equal(room.line.sent.length, 1);
  room.clock.pass(1);
  room.clock.pass(5_000);
  const [first, ...again] = room.line.sentOf("post");
  assert.deepEqual(again, [first, first]);
  assert.equal(first.reply_to, 7);
});

test("after a reconnect everything unanswered goes again in its order, after joined", () => {
  const room = new Room().arrive();
  const answered = room.socket.post("one");
  room.socket.post("two");
  room.say(ack(answered));
  room.line.end(1006);
  room.socket.post("three");
  room.clock.pass(1_000);
  room.line.accept();
  assert.deepEqual(room.line.sent, []);
  room.join();
  assert.deepEqual(room.line.sent.map(({ body }) => body), ["two", "three"]);
});

test("what was written survives a reload", () => {
  const storage = new Storage();
  const before = new Room({ storage }).arrive();
  before.socket.post("kept");
  before.socket.fetchOlder();
  const after = new Room({ storage });
  assert.equal(after.socket.pending.length, 1);
  after.arrive();
  assert.deepEqual(after.line.sent, before.line.sentOf("post"));
});

test("what one account left is not sent by the next one in the same tab", () => {
  const storage = new Storage();
  new Room({ storage }).arrive().socket.post("from alice");
  const room = new Room({ storage, handle: "bob" });
  room.socket.open();
  room.join({ you: { handle: "bob", role: "member" } });
  assert.deepEqual(room.line.sent, []);
  const surprised = new Room({ storage });
  surprised.socket.open();
  surprised.join({ you: { handle: "bob", role: "member" } });
  assert.deepEqual(surprised.line.sent, []);
});

test("two tabs with the same outbox both get rid of it", () => {
  const storage = new Storage();
  new Room({ storage }).arrive().socket.post("twice");
  const copy = new Storage();
  copy.values = new Map(storage.values);
  const [one, two] = [new Room({ storage }).arrive(), new Room({ storage: copy }).arrive()];
  assert.deepEqual(one.line.sent, two.line.sent);
  for (const room of [one, two]) {
    room.say(ack(room.line.sent[0].ref));
    assert.deepEqual(room.socket.pending, []);
  }
});

test("broken or missing storage does not stop a post", () => {
  const fail = () => { throw new Error("denied"); };
  const room = new Room({ storage: { getItem: fail, setItem: fail, removeItem: fail } }).arrive();
  room.socket.post("hello");
  assert.equal(room.line.sent.length, 1);
  const odd = new Storage();
  odd.values.set("chat.outbox.general.alice", '[{"event":{}},null,3]');
  assert.deepEqual(new Room({ storage: odd }).socket.pending, []);
});

for (const code of ["rate_limited", "unavailable"]) {
  test(`${code} is tried again by itself after retry_after, and nothing passes it`, () => {
    const room = new Room().arrive();
    const ref = room.socket.post("one");
    room.say(rejected(ref, code, { retry_after: 3 }));
    room.socket.post("two");
    room.clock.pass(2_999);
    assert.equal(room.line.sent.length, 1);
    room.clock.pass(1);
    assert.deepEqual(room.line.sent.slice(1).map(({ body }) => body), ["one", "two"]);
    assert.equal(room.line.sent[1].ref, ref);
    assert.equal(room.of("rejected")[0].again, true);
  });
}

for (const code of ["muted", "forbidden", "internal", "ref_conflict", "invalid_field"]) {
  test(`${code} is not tried again by itself, and stays with its reason`, () => {
    const room = new Room().arrive();
    const ref = room.socket.post("one");
    room.say(rejected(ref, code));
    room.clock.pass(20_000);
    assert.equal(room.line.sentOf("post").length, 1);
    assert.deepEqual(room.socket.pending[0].failed, { code, detail: code });
    assert.deepEqual(new Room({ storage: room.storage }).socket.pending[0].failed, { code, detail: code });
  });
}

test("a failed post can be tried again or discarded", () => {
  const room = new Room().arrive();
  const ref = room.socket.post("one");
  room.say(rejected(ref, "muted"));
  room.socket.retry(ref);
  assert.deepEqual(room.line.sent[1], room.line.sent[0]);
  room.say(rejected(ref, "muted"));
  room.socket.discard(ref);
  assert.deepEqual(room.socket.pending, []);
});

test("after a ref_conflict trying again takes a new ref", () => {
  const room = new Room().arrive();
  const ref = room.socket.post("one");
  room.say(rejected(ref, "ref_conflict"));
  room.socket.retry(ref);
  assert.equal(room.line.sent[1].body, "one");
  assert.notEqual(room.line.sent[1].ref, ref);
});

test("a refused reaction is let go", () => {
  const room = new Room().arrive();
  const ref = room.socket.react(1, "👍", true);
  room.say(rejected(ref, "not_found"));
  assert.deepEqual(room.socket.pending, []);
  assert.equal(room.of("rejected")[0].event.type, "react");
});

test("a long outbox goes out in portions", () => {
  const room = new Room().arrive();
  for (let number = 0; number < 50; number += 1) room.socket.post(`number ${number}`);
  assert.equal(room.line.sent.length, 20);
  room.say(ack(room.line.sent[0].ref));
  assert.equal(room.line.sent.length, 21);
});

test("typing and read are not kept for later", () => {
  const room = new Room();
  room.socket.open();
  room.socket.typing(true);
  room.socket.read(3);
  room.join();
  assert.deepEqual(room.line.sent, []);
});

test("work that was asked for is kept and sent again until its ack, and what becomes of it is told", () => {
  const storage = new Storage();
  const before = new Room({ storage });
  const ref = before.socket.start("export", { format: "json", from: null, to: null });
  const room = new Room({ storage }).arrive();
  const [event] = room.line.sentOf("start");
  assert.deepEqual(event, { type: "start", ref, task: "export", params: { format: "json", from: null, to: null } });
  room.clock.pass(5_000);
  assert.deepEqual(room.line.sentOf("start"), [event, event]);
  room.say({ type: "ack", ref, id: null, offset: null, task_id: 7 });
  assert.deepEqual(room.socket.pending, []);
  const task = { type: "task", ref, task_id: 7, task: "export", state: "queued", progress: 0 };
  room.say(task);
  assert.deepEqual(room.of("task"), [task]);
});

test("too much work under way holds up nothing that is written, and is not asked for again by itself", () => {
  const room = new Room().arrive();
  const ref = room.socket.start("statistics", {});
  room.say(rejected(ref, "rate_limited", { retry_after: 10 }));
  assert.equal(room.of("rejected")[0].again, false);
  room.socket.post("hello");
  assert.equal(room.line.sentOf("post").length, 1);
  room.clock.pass(15_000);
  assert.equal(room.line.sentOf("start").length, 1);
});
