// Tests of the threads of a room: which summary is the newest, and which messages are replies.

import assert from "node:assert/strict";
import test from "node:test";

import { Threads } from "../../chat/static/chat/room/threads.js";

const thread = (offset, count) => ({ root: 1, offset, count, last_at: null, authors: [] });

test("the summary of the newest change stays, whatever the order of the events", () => {
  const threads = new Threads();
  threads.note({ id: 3, offset: 3, thread: thread(3, 2) });
  threads.note({ id: 2, offset: 2, thread: thread(2, 1) });
  assert.equal(threads.summaryOf(1).count, 2);
  threads.note({ id: 3, offset: 4, removed: true, thread: thread(4, 1) });
  assert.equal(threads.summaryOf(1).count, 1);
  // The first message may arrive late, with a summary that is older or without one.
  assert.equal(threads.note({ id: 1, offset: 1, thread: thread(2, 1) }).thread.offset, 4);
  assert.equal(threads.note({ id: 1, offset: 1 }).thread.offset, 4);
});

test("only a reply has a root", () => {
  const threads = new Threads();
  threads.note({ id: 1, offset: 1, thread: thread(2, 1) });
  assert.equal(threads.hasReplies, false);
  threads.note({ id: 2, offset: 2, thread: thread(2, 1) });
  assert.deepEqual([threads.rootOf(1), threads.rootOf(2), threads.rootOf(3)], [undefined, 1, undefined]);
  threads.clear();
  assert.equal(threads.hasReplies, false);
});

test("each message is noted once, with its summary", () => {
  const threads = new Threads();
  const noted = [];
  threads.on("noted", ({ message }) => noted.push(message.thread?.count ?? null));
  threads.note({ id: 5, offset: 5 });
  threads.note({ id: 6, offset: 6, thread: thread(6, 1) });
  assert.deepEqual(noted, [null, 1]);
});
