// Tests of when a page fetches again: once for a burst of changes, at random moments, and never while it is hidden.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_PAUSE_MS, Refresher, SHORTEST_PAUSE_MS, SPREAD_MS } from "../../chat/static/chat/connection/refresher.js";
import { Clock } from "./fakes.mjs";

class Tab {
  isHidden = false;
  fetchedAt = [];

  constructor({ random = () => 0.5, clock = new Clock() } = {}) {
    this.clock = clock;
    const options = { timers: clock.timers, now: clock.now, random };
    this.refresher = new Refresher(() => this.fetchedAt.push(clock.time), () => this.isHidden, options);
  }

  /** Lets time pass, and returns the number of fetches so far. */
  advance(milliseconds) {
    this.clock.advance(milliseconds);
    return this.fetchedAt.length;
  }
}

test("a burst of changes leads to one fetch", () => {
  const tab = new Tab();
  tab.advance(10_000);
  for (let index = 0; index < 50; index += 1) tab.refresher.changed();
  assert.equal(tab.advance(60_000), 1);
});

test("a change after a quiet time is fetched within the spread", () => {
  const tab = new Tab({ random: () => 0.999 });
  tab.advance(10_000);
  tab.refresher.changed();
  assert.equal(tab.advance(SPREAD_MS), 1);
});

test("a change during a fetch causes another fetch", () => {
  const tab = new Tab();
  tab.advance(10_000);
  tab.refresher.changed();
  tab.advance(SPREAD_MS);
  tab.refresher.changed();
  assert.equal(tab.advance(60_000), 2);
});

test("continuous changes make the fetches rare, and a quiet time makes them frequent again", () => {
  const tab = new Tab();
  tab.advance(10_000);
  for (let second = 0; second < 300; second += 3) {
    tab.refresher.changed();
    tab.advance(3_000);
  }
  const pauses = tab.fetchedAt.slice(1).map((at, index) => at - tab.fetchedAt[index]);
  assert.ok(pauses[0] < LONGEST_PAUSE_MS && pauses.at(-1) > LONGEST_PAUSE_MS, `${pauses}`);
  assert.ok(pauses.at(-1) < LONGEST_PAUSE_MS + SPREAD_MS + 3_000, `${pauses}`);
  tab.advance(60_000);
  const before = tab.fetchedAt.length;
  tab.refresher.changed();
  assert.equal(tab.advance(SPREAD_MS), before + 1);
  tab.refresher.changed();
  assert.equal(tab.advance(SHORTEST_PAUSE_MS + SPREAD_MS), before + 2);
});

test("the fetches of a thousand tabs are spread over time", () => {
  const clock = new Clock();
  let number = 0;
  const tabs = Array.from({ length: 1000 }, () => new Tab({ clock, random: () => (number += 1) / 1001 }));
  clock.advance(10_000);
  const changedAt = clock.time;
  for (const tab of tabs) tab.refresher.changed();
  clock.advance(60_000);
  const tenths = new Map();
  for (const tab of tabs) {
    assert.equal(tab.fetchedAt.length, 1);
    const tenth = Math.floor((tab.fetchedAt[0] - changedAt) / 100);
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
  }
  assert.ok(Math.max(...tenths.values()) <= 80, `${[...tenths.values()]}`);
});

test("a hidden tab fetches when it becomes visible", () => {
  const tab = new Tab();
  tab.advance(10_000);
  tab.isHidden = true;
  tab.refresher.changed();
  assert.equal(tab.advance(60_000), 0);
  tab.isHidden = false;
  tab.refresher.becameVisible();
  tab.refresher.becameVisible();
  assert.equal(tab.advance(60_000), 1);
});

test("a tab that is hidden before its planned fetch does not fetch", () => {
  const tab = new Tab();
  tab.advance(10_000);
  tab.refresher.changed();
  tab.isHidden = true;
  assert.equal(tab.advance(60_000), 0);
  tab.isHidden = false;
  tab.refresher.becameVisible();
  assert.equal(tab.advance(1), 1);
});

test("a tab that was hidden only for a moment does not fetch", () => {
  const tab = new Tab();
  tab.advance(SHORTEST_PAUSE_MS / 2);
  tab.refresher.becameVisible();
  assert.equal(tab.advance(60_000), 0);
});

test("a search fetches once after the last key, and replaces any planned fetch", () => {
  const tab = new Tab();
  tab.advance(10_000);
  tab.refresher.changed();
  for (let letter = 0; letter < 5; letter += 1) {
    tab.refresher.fetchAfter(250);
    tab.advance(100);
  }
  assert.equal(tab.advance(60_000), 1);
});
