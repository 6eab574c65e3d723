// Tests of what a person has written: it survives a reload and a closed tab, and tabs do not change each other's values.

import assert from "node:assert/strict";
import test from "node:test";

import { KeptStorage } from "../../chat/static/chat/connection/kept-storage.js";
import { SafeStorage } from "../../chat/static/chat/connection/storage.js";

/** A browser with one shared storage; each tab has its own storage, and each load of a page its own name. */
class Browser {
  time = 1_000_000;
  #shared = new SafeStorage(() => null);
  #pages = 0;

  tab() {
    return new SafeStorage(() => null);
  }

  load(tab, owner = "p1") {
    this.#pages += 1;
    return new KeptStorage(owner, { tab, shared: this.#shared, page: `page${this.#pages}`, now: () => this.time });
  }
}

test("a value survives a reload", () => {
  const browser = new Browser();
  const tab = browser.tab();
  const first = browser.load(tab);
  first.setItem("chat.draft.a", "hello");
  first.leave();
  const second = browser.load(tab);
  assert.equal(second.getItem("chat.draft.a"), "hello");
  // No other tab takes it over.
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), null);
});

test("a new tab takes over what a closed tab has left, and only one tab does", () => {
  const browser = new Browser();
  const closed = browser.load(browser.tab());
  closed.setItem("chat.draft.a", "hello");
  closed.leave();
  const next = browser.load(browser.tab());
  assert.deepEqual(next.names, ["chat.draft.a"]);
  assert.equal(next.getItem("chat.draft.a"), "hello");
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), null);
});

test("two tabs do not change each other's values", () => {
  const browser = new Browser();
  const tabs = [browser.tab(), browser.tab()];
  const [first, second] = tabs.map((tab) => browser.load(tab));
  first.setItem("chat.draft.a", "first");
  assert.equal(second.getItem("chat.draft.a"), null);
  second.setItem("chat.draft.a", "second");
  second.removeItem("chat.draft.a");
  first.leave();
  second.leave();
  assert.equal(browser.load(tabs[0]).getItem("chat.draft.a"), "first");
});

test("the values of two closed tabs are taken over one after the other, the newest first", () => {
  const browser = new Browser();
  for (const text of ["older", "newer"]) {
    const tab = browser.load(browser.tab());
    browser.time += 1;
    tab.setItem("chat.draft.a", text);
    tab.leave();
  }
  const next = browser.load(browser.tab());
  assert.equal(next.getItem("chat.draft.a"), "newer");
  next.removeItem("chat.draft.a");
  assert.equal(next.getItem("chat.draft.a"), "older");
});

test("what a crashed tab has left is taken over after ten minutes", () => {
  const browser = new Browser();
  browser.load(browser.tab()).setItem("chat.draft.a", "hello");
  browser.time += 599_000;
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), null);
  browser.time += 2_000;
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), "hello");
});

test("an open tab keeps its value while the person writes nothing", () => {
  const browser = new Browser();
  const open = browser.load(browser.tab());
  open.setItem("chat.draft.a", "hello");
  browser.time += 599_000;
  open.renew();
  browser.time += 599_000;
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), null);
});

test("a duplicated tab does not take the value from the first tab permanently", () => {
  const browser = new Browser();
  const tab = browser.tab();
  const first = browser.load(tab);
  first.setItem("chat.draft.a", "hello");
  const copy = browser.tab();
  for (const name of tab.names) copy.setItem(name, tab.getItem(name));
  const second = browser.load(copy);
  assert.equal(second.getItem("chat.draft.a"), "hello");
  second.removeItem("chat.draft.a");
  first.setItem("chat.draft.a", "hello, Bob");
  first.leave();
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), "hello, Bob");
});

test("a removed value stays removed", () => {
  const browser = new Browser();
  const tab = browser.load(browser.tab());
  tab.setItem("chat.draft.a", "hello");
  tab.removeItem("chat.draft.a");
  tab.leave();
  assert.equal(browser.load(browser.tab()).getItem("chat.draft.a"), null);
});

test("another person cannot read what a person has left", () => {
  const browser = new Browser();
  const tab = browser.load(browser.tab());
  tab.setItem("chat.draft.a", "hello");
  tab.leave();
  assert.equal(browser.load(browser.tab(), "p2").getItem("chat.draft.a"), null);
});
