// @ts-check
// The typing notices that this client sends and receives. Must not touch the page.

import { personName } from "../ui/format.js";
import { gettext } from "../ui/translation.js";

const REPEAT_MS = 8_000;
const IDLE_MS = 6_000;
// A notice expires after this time, because the event for the end of typing may be lost.
export const FORGET_MS = 15_000;

/** Sends `true` at most every 8 s while a person types, and `false` once when they stop. */
export class TypingSignal {
  /** @type {(isTyping: boolean) => void} */
  #send;
  #isTyping = false;
  #sentAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(isTyping: boolean) => void} send */
  constructor(send) {
    this.#send = send;
  }

  typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), IDLE_MS);
    if (this.#isTyping && Date.now() - this.#sentAt < REPEAT_MS) return;
    this.#isTyping = true;
    this.#sentAt = Date.now();
    this.#send(true);
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.#isTyping) this.#send(false);
    this.#isTyping = false;
  }
}

/** Keeps the other people who are typing. Each is forgotten 15 s after their last event. */
export class TypingOthers {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  /**
   * The name to show of each person who is typing.
   * @type {Map<string, string>}
   */
  #names = new Map();
  /** @type {(sentence: string) => void} */
  #changed;

  /** @param {(sentence: string) => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Forgets everybody. */
  clear() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#changed("");
  }

  /**
   * @param {import("../connection/wire.js").PersonName} person
   * @param {boolean} isTyping
   */
  update(person, isTyping) {
    const { handle } = person;
    clearTimeout(this.#timers.get(handle));
    this.#names.set(handle, personName(person));
    if (isTyping) this.#timers.set(handle, setTimeout(() => this.update(person, false), FORGET_MS));
    else if (!this.#timers.delete(handle)) return;
    this.#changed(this.sentence);
  }

  get sentence() {
    const [first, second, ...others] = [...this.#timers.keys()].map((handle) => this.#names.get(handle));
    if (first === undefined) return "";
    if (second === undefined) return gettext("%(name)s is typing…", { name: first });
    if (others.length === 0) return gettext("%(first)s and %(second)s are typing…", { first, second });
    return gettext("Several people are typing…");
  }
}
