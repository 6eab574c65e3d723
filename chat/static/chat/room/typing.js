// Who is typing: what we tell, and what we are told. Must not touch the page.

const REPEAT_MS = 8_000;
const IDLE_MS = 6_000;
export const FORGET_MS = 15_000;

/** Tells the others at most every 8 s that we type, and once that we stopped. */
export class TypingSignal {
  #send;
  #on = false;
  #saidAt = 0;
  #timer = null;

  constructor(send) {
    this.#send = send;
  }

  typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), IDLE_MS);
    if (this.#on && Date.now() - this.#saidAt < REPEAT_MS) return;
    this.#on = true;
    this.#saidAt = Date.now();
    this.#send(true);
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.#on) this.#send(false);
    this.#on = false;
  }
}

/** The others; each is forgotten after 15 s, because the word "off" may be lost. */
export class TypingOthers {
  #timers = new Map();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  hear(handle, on) {
    clearTimeout(this.#timers.get(handle));
    if (on) this.#timers.set(handle, setTimeout(() => this.hear(handle, false), FORGET_MS));
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
