// @ts-check
// The directory of people: looks up the profiles of the handles that the page shows, and remembers them.
// Must not draw: ui/person-marks.js does.

import { ApiError, call } from "./api.js";
import { Emitter, LOCAL_EVENT } from "./emitter.js";
import { makeEnvironment, TimerSet } from "./environment.js";

/** The server looks up at most this many handles at once. */
export const MOST_HANDLES = 100;
/** The directory sends one request at a time, and at most one within this time. */
export const PAUSE_MS = 200;
/** Handles that are asked for within this time share a request. */
export const COLLECT_MS = 30;
/** After this time, a profile that is shown again is looked up again: only the rooms on the page send `profile` events. */
export const FRESH_MS = 600_000;
export const RETRY_MS = 10_000;
const SAVE_MS = 1_000;
// A handle of 32 characters may need 384 bytes in an address, and servers limit an address to 8 or 16 kB.
const LONGEST_QUERY = 6_000;
const MOST_KEPT = 500;
const KEPT = "chat.people";
const REQUEST = "request";
const SAVE = "save";

/**
 * @typedef {object} Profile
 * @property {string} handle
 * @property {string} [name]
 * @property {string} [status]
 * @property {string} [emoji] the emoji of the status
 * @property {string} [time_zone] such as "Europe/Berlin"
 * @property {string} [picture] the digest in the picture's address
 * @property {boolean} [guest]
 * @property {true} [bot]
 */

/**
 * @typedef {object} OwnOptions
 * @property {(query: string) => Promise<{ people: Profile[] }>} [fetch] asks the server; tests replace it
 * @property {import("./storage.js").KeyValueStorage} [storage] keeps the profiles, so that the next page shows the names at once
 */

/** @param {string} query */
function fetchPeople(query) {
  return call("GET", `/api/people/?${query}`);
}

/**
 * Emits `people` with {handles} when the known profiles of these handles have changed.
 */
export class Directory extends Emitter {
  /** @type {Map<string, Profile>} */
  #profiles = new Map();
  /**
   * When the server has last answered about each handle, also about a handle that nobody has.
   * @type {Map<string, number>}
   */
  #askedAt = new Map();
  /** @type {Set<string>} */
  #wanted = new Set();
  /** @type {NonNullable<OwnOptions["fetch"]>} */
  #fetch;
  #storage;
  #environment;
  #timers;
  #isAsking = false;
  #sentAt = -Infinity;
  #isStopped = false;

  /** @param {OwnOptions & Partial<import("./environment.js").Environment>} [options] */
  constructor({ fetch = fetchPeople, storage, ...environment } = {}) {
    super();
    this.#fetch = fetch;
    this.#storage = storage;
    this.#environment = makeEnvironment(environment);
    this.#timers = new TimerSet(this.#environment.timers);
    this.#load();
  }

  /**
   * Returns what is known of a person, or undefined. Asks for nothing.
   * @param {string} handle
   */
  get(handle) {
    return this.#profiles.get(handle);
  }

  /**
   * Returns the name of a person, or the handle of a person who has no name.
   * @param {string} handle
   */
  nameOf(handle) {
    return this.get(handle)?.name || handle;
  }

  /**
   * Looks up the profiles of these handles, except handles about which the server has answered within FRESH_MS.
   * @param {Iterable<string>} handles
   */
  ask(handles) {
    const stale = this.#environment.now() - FRESH_MS;
    for (const handle of handles) {
      if (handle && !((this.#askedAt.get(handle) ?? -Infinity) > stale)) this.#wanted.add(handle);
    }
    this.#schedule(COLLECT_MS);
  }

  /**
   * Takes profiles that the server has sent for another reason: an event `profile`, or a list of people.
   * @param {Profile[]} profiles
   */
  take(profiles) {
    const now = this.#environment.now();
    const changed = [];
    for (const { handle, name, status, emoji, time_zone, picture, guest } of profiles) {
      const profile = { handle, name, status, emoji, time_zone, picture, guest };
      this.#askedAt.set(handle, now);
      this.#wanted.delete(handle);
      if (JSON.stringify(this.#profiles.get(handle)) === JSON.stringify(profile)) continue;
      // The map is sorted by the last change, so that the oldest profiles are forgotten first.
      this.#profiles.delete(handle);
      this.#profiles.set(handle, profile);
      changed.push(handle);
    }
    if (!changed.length) return;
    this.#timers.start(SAVE, SAVE_MS, () => this.#save());
    this.emit(LOCAL_EVENT.PEOPLE, { handles: changed });
  }

  /** @param {number} delayMs */
  #schedule(delayMs) {
    if (this.#wanted.size === 0 || this.#isAsking || this.#isStopped || this.#timers.isRunning(REQUEST)) return;
    const pauseMs = this.#sentAt + PAUSE_MS - this.#environment.now();
    this.#timers.start(REQUEST, Math.max(delayMs, pauseMs), () => this.#request());
  }

  async #request() {
    const batch = this.#takeBatch();
    if (!batch.handles.length) return;
    this.#isAsking = true;
    this.#sentAt = this.#environment.now();
    let delayMs = 0;
    try {
      const { people } = await this.#fetch(batch.query);
      const now = this.#environment.now();
      for (const handle of batch.handles) this.#askedAt.set(handle, now);
      this.take(people);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      delayMs = this.#failed(error, batch.handles);
    } finally {
      this.#isAsking = false;
    }
    this.#schedule(delayMs);
  }

  #takeBatch() {
    const handles = [];
    let query = "";
    for (const handle of this.#wanted) {
      const part = `${query && "&"}handle=${encodeURIComponent(handle)}`;
      if (handles.length === MOST_HANDLES || (query && query.length + part.length > LONGEST_QUERY)) break;
      handles.push(handle);
      query += part;
    }
    for (const handle of handles) this.#wanted.delete(handle);
    return { handles, query };
  }

  /**
   * Decides which handles of a failed request are asked for again. Returns after how many milliseconds the next request
   * may be sent.
   * @param {ApiError} error
   * @param {string[]} handles
   */
  #failed({ status, retryAfter = 0 }, handles) {
    // The same request would fail again: the person is signed out, or a handle is invalid.
    if (status >= 400 && status < 500 && status !== 429) {
      this.#isStopped = status === 401;
      const now = this.#environment.now();
      for (const handle of handles) this.#askedAt.set(handle, now);
      return 0;
    }
    for (const handle of handles) this.#wanted.add(handle);
    return Math.max(RETRY_MS, retryAfter * 1_000);
  }

  #load() {
    try {
      for (const profile of JSON.parse(this.#storage?.getItem(KEPT) ?? "[]")) this.#profiles.set(profile.handle, profile);
    } catch {
      // The directory asks the server for the profiles again.
    }
  }

  #save() {
    this.#storage?.setItem(KEPT, JSON.stringify([...this.#profiles.values()].slice(-MOST_KEPT)));
  }
}
