// Sends what the outbox holds, in the order of writing, again and again until each ref has its answer.
// Must not know what an answer means for the page, nor whose connection it speaks on.

import { waitMs } from "./reconnecting-connection.js";
import { newRef } from "./outbox.js";

export const ANSWER_MS = 5_000;
// So many unanswered at a time: a long outbox must not look like a flood.
export const WINDOW = 20;
// Against a server that says "try again after 0".
const SHORTEST_WAIT_MS = 250;
const RETRIED_CODES = new Set(["rate_limited", "unavailable"]);
const KEPT_WHEN_REFUSED = new Set(["post", "edit", "schedule"]);

/** Whoever has too much work under way decides anew: it must not hold up what they write meanwhile. */
export function isRetried(code, type) {
  return RETRIED_CODES.has(code) && !(type === "start" && code === "rate_limited");
}

export class Sender {
  #environment;
  #outbox;
  #say;
  #running = false;
  #flying = new Map();
  #waitUntil = 0;
  #timer = null;

  /** `say(event)` puts an event on the line. */
  constructor(environment, outbox, say) {
    this.#environment = environment;
    this.#outbox = outbox;
    this.#say = say;
  }

  /** Unanswered and failed changes; questions are not shown to anyone. */
  get pending() {
    return this.#outbox.entries.filter((entry) => entry.kept);
  }

  get isAsking() {
    return this.#outbox.waiting.some((entry) => !entry.kept);
  }

  /** The connection can take changes (after `joined`); everything unanswered goes out again. */
  start(outbox = this.#outbox) {
    this.#outbox = outbox;
    this.#running = true;
    this.pump();
  }

  stop() {
    this.#running = false;
    for (const ref of [...this.#flying.keys()]) this.#land(ref);
    this.#environment.timers.clearTimeout(this.#timer);
  }

  add(content, keeping) {
    const event = { ...content, ref: newRef(this.#environment.crypto) };
    this.#outbox.add(event, keeping);
    return event.ref;
  }

  /** Answered for good; returns the entry that is now gone, if it was ours. */
  finish(ref) {
    const entry = this.#outbox.get(ref);
    this.#outbox.remove(ref);
    this.#land(ref);
    return entry;
  }

  /** Refused: waits and tries again, or keeps what was written as failed; returns the entry, if it was ours. */
  refuse({ ref, code, detail, retry_after: retryAfter }) {
    const entry = this.#outbox.get(ref);
    if (!entry) return undefined;
    this.#land(ref);
    if (isRetried(code, entry.event.type)) this.#hold(retryAfter);
    else if (KEPT_WHEN_REFUSED.has(entry.event.type)) this.#outbox.fail(ref, { code, detail: detail ?? "" });
    else this.#outbox.remove(ref);
    return entry;
  }

  /** By hand. A ref that is used up by other content never works, so that one gets a new ref. */
  retry(ref) {
    const entry = this.#outbox.get(ref);
    if (!entry?.failed) return;
    if (entry.failed.code === "ref_conflict") {
      this.#outbox.remove(ref);
      this.add(entry.event);
    } else {
      this.#outbox.revive(ref);
    }
  }

  dropQuestions() {
    this.#outbox.dropQuestions();
  }

  /** Nothing goes out past one that has to wait. */
  pump() {
    const { now, timers } = this.#environment;
    timers.clearTimeout(this.#timer);
    if (!this.#running) return;
    const wait = this.#waitUntil - now();
    if (wait > 0) {
      this.#timer = timers.setTimeout(() => this.pump(), wait);
      return;
    }
    for (const entry of this.#outbox.waiting) {
      if (this.#flying.size >= WINDOW) return;
      if (!this.#flying.has(entry.ref)) this.#transmit(entry);
    }
  }

  #hold(retryAfter) {
    const until = this.#environment.now() + Math.max(SHORTEST_WAIT_MS, waitMs(retryAfter));
    this.#waitUntil = Math.max(this.#waitUntil, until);
  }

  #transmit(entry) {
    const again = () => {
      this.#flying.delete(entry.ref);
      this.pump();
    };
    this.#flying.set(entry.ref, this.#environment.timers.setTimeout(again, ANSWER_MS));
    this.#say(entry.event);
  }

  #land(ref) {
    this.#environment.timers.clearTimeout(this.#flying.get(ref));
    this.#flying.delete(ref);
  }
}
