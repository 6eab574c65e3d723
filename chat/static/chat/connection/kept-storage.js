// @ts-check
// Keeps what a person has written, so that it survives a reload and a closed tab: drafts, and changes that wait.
// Each value is in the tab's storage. A copy is in the storage that all tabs share, under a key with the name of this page.
// A tab takes over the copies of closed tabs, and does not change the copies of other open tabs. One exception: a
// duplicated tab takes over the copies of its original.
// Must not know what the values mean.

import { PersonStorage, sharedStorage, tabStorage } from "./storage.js";

const PAGE = "chat.kept.page";
/** The beginning of the keys of copies. The name of the page follows, and the name of the value. */
export const COPY = "chat.kept.copy.";
// A copy is left when its tab is closed: another tab may take the copy over. A tab marks its copies as left when it
// closes. A crashed tab cannot do this, so a copy that was not saved for this time also counts as left.
const LEFT_AFTER_MS = 600_000;
// An open tab renews its copies each time after this interval, also while the person writes nothing.
const RENEW_MS = 240_000;

/** @typedef {{ value: string, at: number, isLeft: boolean }} Copy */

/** @param {string | null} text */
export function parseCopy(text) {
  try {
    const copy = JSON.parse(text ?? "");
    return typeof copy?.value === "string" && typeof copy.at === "number" ? /** @type {Copy} */ (copy) : null;
  } catch {
    return null;
  }
}

export class KeptStorage {
  /** @type {PersonStorage} */
  #tab;
  /** @type {PersonStorage} */
  #shared;
  /** @type {() => number} */
  #now;
  /** @type {string} */
  #page;

  /**
   * @param {string} owner identifies the person
   * @param {object} [options]
   * @param {import("./storage.js").SafeStorage} [options.tab]
   * @param {import("./storage.js").SafeStorage} [options.shared]
   * @param {string} [options.page] a name that no other page has
   * @param {() => number} [options.now] milliseconds since 1970
   */
  constructor(owner, { tab = tabStorage, shared = sharedStorage, page = randomName(), now = Date.now } = {}) {
    this.#tab = new PersonStorage(owner, tab);
    this.#shared = new PersonStorage(owner, shared);
    this.#now = now;
    this.#page = page;
    this.#takeOverOwn();
  }

  /**
   * Returns the value of this tab, or else the newest value that a closed tab has left.
   * @param {string} name
   */
  getItem(name) {
    const own = this.#tab.getItem(name);
    if (own !== null) return own;
    const [newest] = this.#findLeft(name);
    if (!newest) return null;
    this.#shared.removeItem(newest.key);
    this.setItem(name, newest.value);
    return newest.value;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setItem(name, value) {
    this.#tab.setItem(name, value);
    this.#saveCopy(name, value, false);
  }

  /** @param {string} name */
  removeItem(name) {
    this.#tab.removeItem(name);
    this.#shared.removeItem(this.#key(name));
  }

  /** The names of the values of this tab, and of the values that closed tabs have left. */
  get names() {
    const own = this.#tab.names.filter((name) => name !== PAGE);
    return [...new Set([...own, ...this.#copies().filter(({ copy }) => this.#isLeft(copy)).map(({ name }) => name)])];
  }

  /** Marks the copies of this page as left, because the page ends: another tab may take them over. */
  leave() {
    for (const { page, name } of this.#copies()) {
      const value = this.#tab.getItem(name);
      if (page === this.#page && value !== null) this.#saveCopy(name, value, true);
    }
  }

  /** Marks the copies as used: the page is still open, or it returns from the back/forward cache. */
  renew() {
    for (const { page, name, copy } of this.#copies()) if (page === this.#page) this.#saveCopy(name, copy.value, false);
  }

  /** After a reload, the copies of the tab's former page get the name of this page. */
  #takeOverOwn() {
    const former = this.#tab.getItem(PAGE);
    this.#tab.setItem(PAGE, this.#page);
    for (const { page, name, key } of this.#copies()) {
      const value = this.#tab.getItem(name);
      if (page !== former || value === null) continue;
      this.#shared.removeItem(key);
      this.#saveCopy(name, value, false);
    }
  }

  #copies() {
    return this.#shared.names.filter((key) => key.startsWith(COPY)).flatMap((key) => {
      const [page] = key.slice(COPY.length).split(".", 1);
      const copy = parseCopy(this.#shared.getItem(key));
      return copy ? [{ key, page, name: key.slice(COPY.length + page.length + 1), copy }] : [];
    });
  }

  /** @param {string} name */
  #findLeft(name) {
    const left = this.#copies().filter((found) => found.name === name && found.page !== this.#page && this.#isLeft(found.copy));
    return left.sort((first, second) => second.copy.at - first.copy.at).map(({ key, copy }) => ({ key, value: copy.value }));
  }

  /** @param {Copy} copy */
  #isLeft({ isLeft, at }) {
    return isLeft || this.#now() - at > LEFT_AFTER_MS;
  }

  /**
   * @param {string} name
   * @param {string} value
   * @param {boolean} isLeft
   */
  #saveCopy(name, value, isLeft) {
    this.#shared.setItem(this.#key(name), JSON.stringify({ value, at: this.#now(), isLeft }));
  }

  /** @param {string} name */
  #key(name) {
    return `${COPY}${this.#page}.${name}`;
  }
}

function randomName() {
  return Math.random().toString(36).slice(2);
}

/** @type {Map<string, KeptStorage>} */
const storages = new Map();

/**
 * Returns the storage of a person on this page. It marks its copies as left when the page ends.
 * @param {string} owner
 */
export function keptStorage(owner) {
  const known = storages.get(owner);
  if (known) return known;
  const storage = new KeptStorage(owner);
  storages.set(owner, storage);
  // `getItem` takes over the values of closed tabs for all rooms, because the page shows the drafts of all rooms, and
  // sends the waiting changes of all rooms.
  for (const name of storage.names) storage.getItem(name);
  globalThis.addEventListener("pagehide", () => storage.leave());
  globalThis.addEventListener("pageshow", (event) => {
    if (/** @type {PageTransitionEvent} */ (event).persisted) storage.renew();
  });
  globalThis.setInterval(() => storage.renew(), RENEW_MS);
  return storage;
}
