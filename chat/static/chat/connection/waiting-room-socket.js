// The door of a board as its protocol has it: knocking and deciding, each asked again until it is answered. No DOM.
// Must not decide what a person sees.

import { Line, environment, waitMs } from "./reconnecting-connection.js";
import { newRef } from "./outbox.js";

const ANSWER_MS = 5_000;
const RETRIED = new Set(["unavailable"]);

/** Events (CustomEvent, `detail` is the fact): whatever the server says but answers; opened {}, status {...}. */
export class Door extends EventTarget {
  #line;
  #asked = new Map();
  #timers = environment().timers;

  /** `url()` is asked at each attempt. */
  constructor(url) {
    super();
    this.#line = new Line(url, {
      frame: (text) => this.#receive(JSON.parse(text)),
      opened: () => this.#opened(),
      status: (status) => this.#tell("status", status),
    });
  }

  open() {
    this.#line.open();
  }

  hurry() {
    this.#line.hurry();
  }

  /** Resolves with the `ack`, or with the `rejected` that is final. */
  ask(type, fields) {
    const event = { type, ref: newRef(), ...fields };
    return new Promise((resolve) => {
      this.#asked.set(event.ref, { event, resolve, timer: null });
      this.#send(event.ref);
    });
  }

  // A ref that is sent twice is done once, so there is no harm in asking again.
  #send(ref, delay = ANSWER_MS) {
    const asked = this.#asked.get(ref);
    if (!asked) return;
    this.#timers.clearTimeout(asked.timer);
    asked.timer = this.#timers.setTimeout(() => this.#send(ref), delay);
    if (delay === ANSWER_MS) this.#line.send(JSON.stringify(asked.event));
  }

  #opened() {
    this.#line.settled();
    this.#tell("opened", {});
    for (const ref of this.#asked.keys()) this.#send(ref);
  }

  #receive(event) {
    if (event.type !== "ack" && event.type !== "rejected") this.#tell(event.type, event);
    else if (RETRIED.has(event.code)) this.#send(event.ref, waitMs(event.retry_after));
    else this.#answered(event);
  }

  #answered(event) {
    const asked = this.#asked.get(event.ref);
    if (!asked) return;
    this.#timers.clearTimeout(asked.timer);
    this.#asked.delete(event.ref);
    asked.resolve(event);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
