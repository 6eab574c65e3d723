// A room by long polling, with the outside of a WebSocket, for networks that let none through.
// Must not come back by itself (line.js does that), and reads of events only what its next question needs.

import { call } from "./api.js";
import { Cursor } from "./cursor.js";

// The server answers after 20 s at the latest; a question whose worker was killed gets no answer at all.
const LONGEST_WAIT_MS = 35_000;
const LONGEST_CALL_MS = 15_000;
const MOST_FRAMES = 50;
// Browsers open six lines to a server, for all tabs together: one that nobody looks at holds none of them.
const HIDDEN_PAUSE_MS = 10_000;
const ROOM = /^\/chat\/([^/]*)\/$/;
const NOT_SIGNED_IN = 4401;
const OVERLOAD = 1013;
const NO_ANSWER = 1006;

export class Poll {
  onopen = null;
  onmessage = null;
  onclose = null;
  #path;
  #environment;
  #poll = null;
  #cursor = new Cursor();
  #present = new Set();
  #frames = [];
  #isSaying = false;
  #isEnded = false;
  #aborter = new AbortController();
  #leave = () => this.#depart();

  /** Whether what a socket says at this address can be had by polling. */
  static serves(url) {
    return ROOM.test(new URL(url).pathname);
  }

  /** `url` is the socket's; the environment is for tests. */
  constructor(url, { ask = call, page = globalThis.document, timers = globalThis } = {}) {
    const { pathname, search } = new URL(url);
    this.#path = `/api/rooms/${ROOM.exec(pathname)[1]}/poll/`;
    this.#environment = { ask, page, timers };
    globalThis.addEventListener?.("pagehide", this.#leave);
    this.#hear(search.slice(1));
  }

  send(text) {
    this.#frames.push(JSON.parse(text));
    if (!this.#isSaying) this.#say();
  }

  close() {
    if (this.#isEnded) return;
    this.#stop();
    this.#depart();
  }

  async #hear(query) {
    const first = await this.#ask("GET", query, LONGEST_CALL_MS);
    if (first === null) return;
    this.#poll = first.poll;
    this.onopen?.({});
    this.#take(first);
    while (!this.#isEnded) {
      if (this.#environment.page?.hidden) await this.#pause();
      const answer = await this.#ask("GET", this.#nextQuery(), LONGEST_WAIT_MS);
      if (answer !== null) this.#take(answer);
    }
  }

  #nextQuery() {
    const query = { poll: this.#poll, cursor: this.#cursor.position ?? "", present: this.#present.size };
    return new URLSearchParams(this.#environment.page?.hidden ? { ...query, wait: 0 } : query).toString();
  }

  async #say() {
    this.#isSaying = true;
    // What is said in one breath goes in one request.
    await null;
    while (this.#frames.length > 0 && !this.#isEnded) {
      const frames = this.#frames.splice(0, MOST_FRAMES);
      const answer = await this.#ask("POST", `poll=${this.#poll}`, LONGEST_CALL_MS, frames);
      if (answer !== null) this.#take(answer);
    }
    this.#isSaying = false;
  }

  /** Returns the answer, or null: then all is over. */
  async #ask(method, query, longestMs, body) {
    const { timers } = this.#environment;
    const timer = timers.setTimeout(() => this.#end(NO_ANSWER), longestMs);
    try {
      return await this.#askTwice(method, `${this.#path}${query && "?"}${query}`, body);
    } catch (refusal) {
      this.#refused(refusal);
      return null;
    } finally {
      timers.clearTimeout(timer);
    }
  }

  // Signed in anew in another tab: the second time it is asked with the new key.
  async #askTwice(method, path, body) {
    const { ask } = this.#environment;
    const options = { signal: this.#aborter.signal };
    try {
      return await ask(method, path, body, options);
    } catch (refusal) {
      if (refusal.code !== "csrf_failed") throw refusal;
      return ask(method, path, body, options);
    }
  }

  #take({ events, close }) {
    for (const event of events) {
      if (this.#isEnded) return;
      this.#note(event);
      this.onmessage?.({ data: JSON.stringify(event) });
    }
    if (close) this.#end(close);
  }

  #note({ type, offset, reset, present, came = [], went = [] }) {
    if (type === "message") this.#cursor.see(offset);
    if (type === "synced") {
      if (reset) this.#cursor.reset();
      this.#cursor.synced(offset);
    }
    if (present) this.#present = new Set(present.map(({ handle }) => handle));
    if (type !== "presence") return;
    for (const handle of came) this.#present.add(handle);
    for (const handle of went) this.#present.delete(handle);
  }

  #refused({ status, code, message, retryAfter, close }) {
    if (this.#isEnded) return;
    if (status === 429) {
      const event = { type: "rejected", ref: null, code, detail: message, retry_after: retryAfter };
      this.onmessage?.({ data: JSON.stringify(event) });
    }
    this.#end(close ?? { 401: NOT_SIGNED_IN, 429: OVERLOAD }[status] ?? NO_ANSWER);
  }

  #pause() {
    const { page, timers } = this.#environment;
    return new Promise((resolve) => {
      const go = () => {
        timers.clearTimeout(timer);
        page.removeEventListener("visibilitychange", go);
        resolve();
      };
      const timer = timers.setTimeout(go, HIDDEN_PAUSE_MS);
      page.addEventListener("visibilitychange", go);
    });
  }

  #end(code) {
    if (this.#isEnded) return;
    this.#stop();
    this.onclose?.({ code });
  }

  #stop() {
    this.#isEnded = true;
    this.#aborter.abort();
    globalThis.removeEventListener?.("pagehide", this.#leave);
  }

  // Without this it would be gone within 75 s all the same; `keepalive` lets it out of a page that ends.
  #depart() {
    if (this.#poll === null) return;
    this.#environment.ask("DELETE", `${this.#path}?poll=${this.#poll}`, undefined, { keepalive: true }).catch(() => {});
  }
}
