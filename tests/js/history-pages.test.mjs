// Tests of pages of history: the page around a message, joined pages, and messages that arrive during a fetch.
// A fake server answers as docs/protocol.md describes.

import assert from "node:assert/strict";
import test from "node:test";

import { Room, message } from "./room.mjs";

const NEWEST = 50;

/** A room's history, which answers fetches, and a client that shows what a page would show. */
class History {
  constructor(count, { seed = 1 } = {}) {
    this.states = new Map();
    this.offset = 0;
    this.seed = seed;
    for (let id = 1; id <= count; id += 1) this.change(id);
    this.room = new Room();
    this.shown = new Map();
    const show = (item) => this.shown.set(item.id, item.offset);
    this.room.socket.on("message", show);
    this.room.socket.on("reset", () => this.shown.clear());
    this.room.socket.on("page", ({ messages, isReplaced }) => {
      if (isReplaced) this.shown.clear();
      messages.forEach(show);
    });
    this.room.socket.open();
    this.room.join({ offset: this.offset });
    for (const id of this.ids.slice(-NEWEST)) this.room.deliver(this.states.get(id));
    this.room.synced(this.offset);
  }

  get ids() {
    return [...this.states.keys()].sort((a, b) => a - b);
  }

  get pages() {
    return this.room.socket.pages;
  }

  random(below) {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed % below;
  }

  /** Stores a new message, or a change of an old one, and returns its event. */
  change(id) {
    this.offset += 1;
    const event = message(id ?? this.offset, this.offset);
    this.states.set(event.id, event);
    return event;
  }

  /** Returns the answer to the newest fetch, as the server reads it now. */
  read(fetch = this.room.transport.sentOf("fetch").at(-1)) {
    const { ref, around, before, limit } = fetch;
    const ids = this.ids;
    let first;
    let last;
    if (around !== undefined) {
      const place = ids.indexOf(around);
      if (place < 0) return { type: "rejected", ref, code: "not_found", detail: "" };
      const after = Math.min(ids.length - place - 1, Math.max(limit >> 1, limit - place - 1));
      [first, last] = [Math.max(0, place - (limit - after) + 1), place + after + 1];
    } else {
      last = before === undefined ? ids.length : ids.filter((id) => id < before).length;
      first = Math.max(0, last - limit);
    }
    const messages = ids.slice(first, last).map((id) => this.states.get(id));
    const more = first > 0;
    const page = { type: "page", ref, messages, more };
    return around === undefined ? page : { ...page, more_before: more, more_after: last < ids.length };
  }

  answer() {
    this.room.deliver(this.read());
  }

  /** Asserts that the shown messages are a part of the history without gaps, in their newest states. */
  assertComplete() {
    const shown = [...this.shown.keys()].sort((a, b) => a - b);
    const all = this.ids;
    const first = all.indexOf(shown[0]);
    assert.deepEqual(shown, all.slice(first, first + shown.length));
    for (const [id, offset] of this.shown) assert.equal(offset, this.states.get(id).offset, `the state of ${id}`);
    assert.equal(this.pages.hasNewer, shown.at(-1) !== all.at(-1));
    assert.equal(this.room.socket.hasOlder, shown[0] !== all[0]);
  }
}

test("a page around an old message replaces what is shown, with one fetch", () => {
  const history = new History(1500);
  history.pages.fetchAround(550);
  history.answer();
  assert.equal(history.room.transport.sentOf("fetch").length, 1);
  assert.equal(history.shown.size, 100);
  assert.ok(history.shown.has(550) && !history.shown.has(1500));
  assert.deepEqual(history.room.emittedOf("page").map(({ isReplaced, event }) => [isReplaced, event.around]), [[true, 550]]);
  history.assertComplete();
});

test("a page that touches the loaded messages extends them", () => {
  const history = new History(200);
  history.pages.fetchAround(120);
  history.answer();
  assert.equal(history.room.emittedOf("page")[0].isReplaced, false);
  assert.deepEqual([Math.min(...history.shown.keys()), history.shown.size], [71, 130]);
  history.assertComplete();
});

test("away from the newest messages a live message moves the cursor, and is shown with the newer page", () => {
  const history = new History(300);
  history.pages.fetchAround(100);
  history.answer();
  const live = history.change();
  history.room.deliver(live);
  assert.equal(history.room.socket.cursor, 301);
  assert.ok(!history.shown.has(301));
  assert.deepEqual(history.room.emittedOf("outside"), [live]);
  while (history.pages.hasNewer) {
    assert.ok(history.pages.fetchNewer());
    history.answer();
    history.assertComplete();
  }
  assert.ok(history.shown.has(301));
  history.room.deliver(history.change());
  assert.ok(history.shown.has(302));
});

test("a message that is posted after the server read the last page is shown", () => {
  const history = new History(300);
  history.pages.fetchAround(20);
  history.answer();
  history.pages.fetchNewest();
  const page = history.read();
  history.room.deliver(history.change());
  history.room.deliver(page);
  assert.ok(history.shown.has(301));
  history.assertComplete();
});

for (const [name, fetch] of [
  ["older", (history) => history.pages.fetchOlder()],
  ["around", (history) => history.pages.fetchAround(40)],
]) {
  test(`a message that changes after the server read the page (${name}) is shown in its newest state`, () => {
    const history = new History(100);
    fetch(history);
    const page = history.read();
    history.room.deliver(history.change(40));
    history.room.deliver(page);
    assert.equal(history.shown.get(40), 101);
    history.assertComplete();
  });
}

test("a newer jump replaces a fetch that is under way, whose answer is ignored", () => {
  const history = new History(1000);
  history.pages.fetchOlder();
  const older = history.read();
  history.pages.fetchAround(100);
  history.room.deliver(older);
  assert.equal(history.shown.size, NEWEST);
  history.answer();
  assert.ok(history.shown.has(100));
  history.assertComplete();
});

test("a refused page changes nothing, and the next fetch is possible", () => {
  const history = new History(100);
  history.pages.fetchAround(5000);
  history.answer();
  assert.equal(history.room.emittedOf("rejected")[0].event.around, 5000);
  history.assertComplete();
  assert.ok(history.pages.fetchOlder());
});

test("an older page that no longer touches the loaded messages is ignored", () => {
  const history = new History(200);
  history.pages.fetchOlder();
  const page = history.read();
  history.room.socket.dropBefore(180);
  for (const id of history.shown.keys()) if (id < 180) history.shown.delete(id);
  history.room.deliver(page);
  history.assertComplete();
  history.pages.fetchOlder();
  history.answer();
  history.assertComplete();
});

test("a page from a server that does not know `around` is ignored", () => {
  const history = new History(200);
  const ref = history.pages.fetchAround(10);
  history.room.deliver({ type: "page", ref, messages: [message(199), message(200)], more: true });
  history.assertComplete();
});

test("a reset returns to the newest messages", () => {
  const history = new History(300);
  history.pages.fetchAround(100);
  history.answer();
  history.pages.fetchNewer();
  history.room.transport.disconnect(1006);
  history.room.clock.advance(1000);
  history.room.join({ offset: history.offset, reset: true });
  for (const id of history.ids.slice(-NEWEST)) history.room.deliver(history.states.get(id));
  history.room.synced(history.offset);
  history.assertComplete();
  assert.ok(history.shown.has(300));
});

test("after a reconnect away from the newest messages the backlog is not shown, and nothing is lost", () => {
  const history = new History(300);
  history.pages.fetchAround(100);
  history.answer();
  const missed = [history.change(), history.change(101), history.change()];
  history.room.transport.disconnect(1006);
  history.room.clock.advance(1000);
  history.room.join({ offset: history.offset });
  for (const event of missed) history.room.deliver(event);
  history.room.synced(history.offset);
  history.assertComplete();
  assert.equal(history.shown.get(101), 302);
  history.pages.fetchNewest();
  history.answer();
  history.assertComplete();
  assert.ok(history.shown.has(303));
});

test("whatever a person does and whatever arrives meanwhile, the shown messages have no gap and no old state", () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const history = new History(100 + seed, { seed });
    const ids = history.ids;
    for (let step = 0; step < 12; step += 1) {
      const act = [
        () => history.pages.fetchOlder(), () => history.pages.fetchNewer(), () => history.pages.fetchNewest(),
        () => history.pages.fetchAround(ids[history.random(ids.length)]),
      ][history.random(4)];
      const asked = act();
      const early = history.random(2) ? history.change() : null;
      if (early) history.room.deliver(early);
      const page = asked ? history.read() : null;
      for (let number = history.random(3); number > 0; number -= 1) {
        history.room.deliver(history.change(history.random(2) ? ids[history.random(ids.length)] : undefined));
      }
      if (page) history.room.deliver(page);
      history.assertComplete();
    }
  }
});
