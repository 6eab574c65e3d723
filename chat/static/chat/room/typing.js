// @ts-check
// The typing notices that this client sends and receives. Must not touch the page.

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
  /** @type {(sentence: string) => void} */
  #changed;

  /** @param {(sentence: string) => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /**
   * @param {string} handle
   * @param {boolean} isTyping
   */
  update(handle, isTyping) {
    clearTimeout(this.#timers.get(handle));
    if (isTyping) this.#timers.set(handle, setTimeout(() => this.update(handle, false), FORGET_MS));
    else if (!this.#timers.delete(handle)) return;
    this.#changed(this.sentence);
  }

  get sentence() {
    const handles = [...this.#timers.keys()];
    if (handles.length === 0) return "";
    if (handles.length === 1) return `${handles[0]} is typing…`;
    if (handles.length === 2) return `${handles[0]} and ${handles[1]} are typing…`;
    return "Several people are typing…";
  }
}
