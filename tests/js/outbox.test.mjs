// Tests of the outbox: no change of a person is lost, or sent with other content.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newRef } from "../../chat/static/chat/connection/wire-values.js";
import { MemoryStorage } from "./fakes.mjs";
import { Room } from "./room.mjs";

const ack = (ref) => ({ type: "ack", ref, id: 1, offset: 1 });
const rejected = (ref, code, more = {}) => ({ type: "rejected", ref, code, detail: code, ...more });

test("refs use the allowed characters and differ", () => {
  const refs = new Set(Array.from({ length: 500 }, () => newRef()));
  assert.equal(refs.size, 500);
  for (const ref of refs) assert.match(ref, /^[A-Za-z0-9_-]{1,64}$/);
});

test("a post is trimmed once, and its ack removes it from the outbox", () => {
  const room = new Room().joinAt();
  const ref = room.changes.post("  hello \n");
  assert.deepEqual(room.transport.sent, [{ type: "post", body: "hello", ref }]);
  room.deliver(ack(ref));
  assert.deepEqual(room.changes.pending, []);
  assert.equal(room.emittedOf("acked")[0].event.body, "hello");
  assert.equal(room.storage.values.size, 0);
  assert.equal(room.socket.cursor, 0);
});

test("a command is trimmed once, and stays in the outbox when it is refused", () => {
  const room = new Room().joinAt();
  const ref = room.changes.command("remind", " me tea ", "Europe/Berlin");
  assert.deepEqual(room.transport.sent, [{ type: "command", name: "remind", text: "me tea", zone: "Europe/Berlin", ref }]);
  room.deliver(rejected(ref, "invalid_field"));
  assert.equal(room.changes.pending[0].failed.code, "invalid_field");
});

test("a refused vote leaves the outbox", () => {
  const room = new Room().joinAt();
  room.deliver(rejected(room.changes.vote(3, [0, 2]), "forbidden"));
  assert.deepEqual(room.changes.pending, []);
});

test("an event without an answer is sent again every 5 s", () => {
  const room = new Room().joinAt();
  room.changes.post("hello", 7);
  room.clock.advance(4_999);
  assert.equal(room.transport.sent.length, 1);
  room.clock.advance(1);
  room.clock.advance(5_000);
  const [first, ...again] = room.transport.sentOf("post");
  assert.deepEqual(again, [first, first]);
  assert.equal(first.reply_to, 7);
});

test("after a reconnect the client sends every unanswered event again in order, but not before joined", () => {
  const room = new Room().joinAt();
  const answered = room.changes.post("one");
  room.changes.post("two");
  room.deliver(ack(answered));
  room.transport.disconnect(1006);
  room.changes.post("three");
  room.clock.advance(1_000);
  room.transport.accept();
  assert.deepEqual(room.transport.sent, []);
  room.join();
  assert.deepEqual(room.transport.sent.map(({ body }) => body), ["two", "three"]);
});

test("an unanswered post survives a reload", () => {
  const storage = new MemoryStorage();
  const before = new Room({ storage }).joinAt();
  before.changes.post("kept");
  before.socket.fetchOlder();
  const after = new Room({ storage });
  assert.equal(after.changes.pending.length, 1);
  after.joinAt();
  assert.deepEqual(after.transport.sent, before.transport.sentOf("post"));
});

test("the outbox of one account is not sent by another account in the same tab", () => {
  const storage = new MemoryStorage();
  new Room({ storage }).joinAt().changes.post("from alice");
  const room = new Room({ storage, handle: "bob" });
  room.socket.open();
  room.join({ you: { handle: "bob", role: "member" } });
  assert.deepEqual(room.transport.sent, []);
  const alicesPage = new Room({ storage });
  alicesPage.socket.open();
  alicesPage.join({ you: { handle: "bob", role: "member" } });
  assert.deepEqual(alicesPage.transport.sent, []);
});

test("an outbox is not sent by another person who has the same handle now", () => {
  const room = new Room({ person: "first" });
  room.socket.open();
  room.changes.post("private");
  room.join({ you: { handle: "alice", role: "guest", person: "second" } });
  room.changes.post("more");
  room.synced(0);
  assert.deepEqual(room.transport.sent, []);
  assert.equal(room.socket.isOtherPerson({ handle: "alice", person: "first" }), false);
});

test("after a sign-out the outbox is empty and sends nothing", () => {
  const room = new Room().joinAt();
  room.changes.post("one");
  room.changes.forget();
  room.clock.advance(20_000);
  assert.deepEqual(room.changes.pending, []);
  assert.equal(room.transport.sentOf("post").length, 1);
  assert.equal(room.storage.values.size, 0);
});

test("two tabs with copies of one outbox send the same event, and each ack empties a copy", () => {
  const storage = new MemoryStorage();
  new Room({ storage }).joinAt().changes.post("twice");
  const copy = new MemoryStorage();
  copy.values = new Map(storage.values);
  const [one, two] = [new Room({ storage }).joinAt(), new Room({ storage: copy }).joinAt()];
  assert.deepEqual(one.transport.sent, two.transport.sent);
  for (const room of [one, two]) {
    room.deliver(ack(room.transport.sent[0].ref));
    assert.deepEqual(room.changes.pending, []);
  }
});

test("a forbidden storage does not stop a post, and invalid entries are ignored", () => {
  const fail = () => { throw new Error("denied"); };
  const room = new Room({ storage: { getItem: fail, setItem: fail, removeItem: fail } }).joinAt();
  room.changes.post("hello");
  assert.equal(room.transport.sent.length, 1);
  const invalid = new MemoryStorage();
  invalid.values.set("chat.outbox.general.alice", '[{"event":{}},null,3]');
  assert.deepEqual(new Room({ storage: invalid }).changes.pending, []);
});

for (const code of ["rate_limited", "unavailable"]) {
  test(`a post refused with ${code} is retried after retry_after, and no later event overtakes it`, () => {
    const room = new Room().joinAt();
    const ref = room.changes.post("one");
    room.deliver(rejected(ref, code, { retry_after: 3 }));
    room.changes.post("two");
    room.clock.advance(2_999);
    assert.equal(room.transport.sent.length, 1);
    room.clock.advance(1);
    assert.deepEqual(room.transport.sent.slice(1).map(({ body }) => body), ["one", "two"]);
    assert.equal(room.transport.sent[1].ref, ref);
    assert.equal(room.emittedOf("rejected")[0].isRetried, true);
  });
}

for (const code of ["muted", "forbidden", "internal", "ref_conflict", "invalid_field"]) {
  test(`a post refused with ${code} is not retried, and stays in the outbox with the reason`, () => {
    const room = new Room().joinAt();
    const ref = room.changes.post("one");
    room.deliver(rejected(ref, code));
    room.clock.advance(20_000);
    assert.equal(room.transport.sentOf("post").length, 1);
    assert.deepEqual(room.changes.pending[0].failed, { code, detail: code });
    assert.deepEqual(new Room({ storage: room.storage }).changes.pending[0].failed, { code, detail: code });
  });
}

test("a failed post can be tried again or discarded", () => {
  const room = new Room().joinAt();
  const ref = room.changes.post("one");
  room.deliver(rejected(ref, "muted"));
  room.changes.retry(ref);
  assert.deepEqual(room.transport.sent[1], room.transport.sent[0]);
  room.deliver(rejected(ref, "muted"));
  room.changes.discard(ref);
  assert.deepEqual(room.changes.pending, []);
});

test("a retry after ref_conflict uses a new ref", () => {
  const room = new Room().joinAt();
  const ref = room.changes.post("one");
  room.deliver(rejected(ref, "ref_conflict"));
  room.changes.retry(ref);
  assert.equal(room.transport.sent[1].body, "one");
  assert.notEqual(room.transport.sent[1].ref, ref);
});

test("a refused reaction is removed from the outbox", () => {
  const room = new Room().joinAt();
  const ref = room.changes.react(1, "👍", true);
  room.deliver(rejected(ref, "not_found"));
  assert.deepEqual(room.changes.pending, []);
  assert.equal(room.emittedOf("rejected")[0].event.type, "react");
});

test("the client has at most 20 sent events without an answer", () => {
  const room = new Room().joinAt();
  for (let number = 0; number < 50; number += 1) room.changes.post(`number ${number}`);
  assert.equal(room.transport.sent.length, 20);
  room.deliver(ack(room.transport.sent[0].ref));
  assert.equal(room.transport.sent.length, 21);
});

test("typing and read before joined are dropped, not sent later", () => {
  const room = new Room();
  room.socket.open();
  room.socket.typing(true);
  room.socket.read(3);
  room.join();
  assert.deepEqual(room.transport.sent, []);
});

test("a task request is sent again until its ack, and its task events are emitted", () => {
  const storage = new MemoryStorage();
  const before = new Room({ storage });
  const ref = before.changes.startTask("export", { format: "json", from: null, to: null });
  const room = new Room({ storage }).joinAt();
  const [event] = room.transport.sentOf("start");
  assert.deepEqual(event, { type: "start", ref, task: "export", params: { format: "json", from: null, to: null } });
  room.clock.advance(5_000);
  assert.deepEqual(room.transport.sentOf("start"), [event, event]);
  room.deliver({ type: "ack", ref, id: null, offset: null, task_id: 7 });
  assert.deepEqual(room.changes.pending, []);
  const task = { type: "task", ref, task_id: 7, task: "export", state: "queued", progress: 0 };
  room.deliver(task);
  assert.deepEqual(room.emittedOf("task"), [task]);
});

test("a task refused by the rate limit is not retried, and does not delay later posts", () => {
  const room = new Room().joinAt();
  const ref = room.changes.startTask("statistics", {});
  room.deliver(rejected(ref, "rate_limited", { retry_after: 10 }));
  assert.equal(room.emittedOf("rejected")[0].isRetried, false);
  room.changes.post("hello");
  assert.equal(room.transport.sentOf("post").length, 1);
  room.clock.advance(15_000);
  assert.equal(room.transport.sentOf("start").length, 1);
});

test("a change that was never put on a connection is known as unsent, also after a reload", () => {
  const room = new Room();
  room.changes.post("offline");
  assert.deepEqual(room.changes.pending.map(({ isSent }) => isSent), [false]);
  const again = new Room({ storage: room.storage });
  assert.deepEqual(again.changes.pending.map(({ isSent }) => isSent), [false]);
  again.joinAt();
  assert.deepEqual(again.changes.pending.map(({ isSent }) => isSent), [true]);
  assert.deepEqual(new Room({ storage: room.storage }).changes.pending.map(({ isSent }) => isSent), [true]);
});

test("a change whose ref the server may have forgotten is not sent again, and the person decides", () => {
  const storage = new MemoryStorage();
  const before = new Room({ storage }).joinAt();
  const ref = before.changes.post("sent");
  before.changes.react(1, "👍", true);
  before.transport.disconnect(1006);
  before.changes.post("not sent");
  const after = new Room({ storage });
  after.clock.advance(100_001);
  after.socket.open();
  after.join({ refs_kept_seconds: 100 });
  assert.deepEqual(after.transport.sentOf("post").map(({ body }) => body), ["not sent"]);
  assert.deepEqual(after.transport.sentOf("react"), []);
  assert.equal(after.changes.pending.find((entry) => entry.ref === ref).failed.code, "ref_expired");
  after.changes.retry(ref);
  const again = after.transport.sentOf("post").at(-1);
  assert.equal(again.body, "sent");
  assert.notEqual(again.ref, ref);
});

test("the client resumes with the epoch of its cursor", () => {
  const room = new Room();
  room.socket.open();
  room.join({ epoch: "0" });
  room.synced(0);
  room.transport.disconnect(1006);
  room.clock.advance(1_000);
  assert.match(room.transport.url, /[?&]epoch=0(&|$)/);
  room.join({ epoch: "e2", reset: true });
  room.synced(3);
  room.transport.disconnect(1006);
  room.clock.advance(2_000);
  assert.match(room.transport.url, /[?&]epoch=e2(&|$)/);
});

test("the client loads its messages again when the server has deleted some of them", () => {
  const room = new Room().joinAt(3);
  room.deliver({ type: "expired", before: 1 });
  assert.equal(room.attempts, 1);
  room.deliver({ type: "expired", before: 3 });
  assert.equal(room.emittedOf("reset").length, 2);
  room.clock.advance(1_000);
  assert.equal(room.attempts, 2);
  assert.doesNotMatch(room.transport.url, /cursor=/);
});
