// When a page fetches again: once for a burst, spread over tabs, seldom while much changes, never while nobody looks.

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

  pass(milliseconds) {
    this.clock.pass(milliseconds);
    return this.fetchedAt.length;
  }
}

test("a burst of changes leads to one fetch", () => {
  const tab = new Tab();
  tab.pass(10_000);
  for (let index = 0; index < 50; index += 1) tab.refresher.changed();
  assert.equal(tab.pass(60_000), 1);
});

test("a change after a quiet time is fetched within the spread", () => {
  const tab = new Tab({ random: () => 0.999 });
  tab.pass(10_000);
  tab.refresher.changed();
  assert.equal(tab.pass(SPREAD_MS), 1);
});

test("a change during the fetch is fetched, too", () => {
  const tab = new Tab();
  tab.pass(10_000);
  tab.refresher.changed();
  tab.pass(SPREAD_MS);
  tab.refresher.changed();
  assert.equal(tab.pass(60_000), 2);
});

test("while changes come all the time the fetches become seldom, and frequent again after a quiet time", () => {
  const tab = new Tab();
  tab.pass(10_000);
  for (let second = 0; second < 300; second += 3) {
    tab.refresher.changed();
    tab.pass(3_000);
  }
  const pauses = tab.fetchedAt.slice(1).map((at, index) => at - tab.fetchedAt[index]);
  assert.ok(pauses[0] < LONGEST_PAUSE_MS && pauses.at(-1) > LONGEST_PAUSE_MS, `${pauses}`);
  assert.ok(pauses.at(-1) < LONGEST_PAUSE_MS + SPREAD_MS + 3_000, `${pauses}`);
  tab.pass(60_000);
  const before = tab.fetchedAt.length;
  tab.refresher.changed();
  assert.equal(tab.pass(SPREAD_MS), before + 1);
  tab.refresher.changed();
  assert.equal(tab.pass(SHORTEST_PAUSE_MS + SPREAD_MS), before + 2);
});

test("a thousand tabs do not ask in the same instant", () => {
  const clock = new Clock();
  let number = 0;
  const tabs = Array.from({ length: 1000 }, () => new Tab({ clock, random: () => (number += 1) / 1001 }));
  clock.pass(10_000);
  const told = clock.time;
  for (const tab of tabs) tab.refresher.changed();
  clock.pass(60_000);
  const tenths = new Map();
  for (const tab of tabs) {
    assert.equal(tab.fetchedAt.length, 1);
    const tenth = Math.floor((tab.fetchedAt[0] - told) / 100);
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
  }
  assert.ok(Math.max(...tenths.values()) <= 80, `${[...tenths.values()]}`);
});

test("a hidden tab fetches once it is looked at", () => {
  const tab = new Tab();
  tab.pass(10_000);
  tab.isHidden = true;
  tab.refresher.changed();
  assert.equal(tab.pass(60_000), 0);
  tab.isHidden = false;
  tab.refresher.looked();
  tab.refresher.looked();
  assert.equal(tab.pass(60_000), 1);
});

test("a tab that is hidden before its moment comes does not fetch either", () => {
  const tab = new Tab();
  tab.pass(10_000);
  tab.refresher.changed();
  tab.isHidden = true;
  assert.equal(tab.pass(60_000), 0);
  tab.isHidden = false;
  tab.refresher.looked();
  assert.equal(tab.pass(1), 1);
});

test("who only glanced elsewhere fetches nothing", () => {
  const tab = new Tab();
  tab.pass(SHORTEST_PAUSE_MS / 2);
  tab.refresher.looked();
  assert.equal(tab.pass(60_000), 0);
});

test("what is searched for is fetched when it was typed, whatever was planned", () => {
  const tab = new Tab();
  tab.pass(10_000);
  tab.refresher.changed();
  for (let letter = 0; letter < 5; letter += 1) {
    tab.refresher.fetchIn(250);
    tab.pass(100);
  }
  assert.equal(tab.pass(60_000), 1);
});
