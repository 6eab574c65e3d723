// One WebSocket that comes back by itself: close codes, backoff, waiting. Where there is no way for one, it polls.
// Must not read what the frames say, and must not touch the page or storage.

import { Poll } from "./long-polling.js";
import { Ways } from "./transport-selector.js";

export const FINAL_CODES = new Set([1007, 1009, 4401, 4403, 4404]);
export const LOST_VIEW = 4408;
export const FLOODING = 4429;
const NO_ANSWER = 1006;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;
const LONGEST_RETRY_AFTER_SECONDS = 3_600;
// A connection that ended sooner than this proves nothing, so the backoff goes on growing.
const STEADY_MS = 5_000;
// Generous, because after a restart every client asks at the same time.
const SETTLE_MS = 20_000;

/** The address of a socket of this site. */
export function socketUrl(path) {
  const place = globalThis.location;
  return `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}${path}`;
}

/** Seconds as a server said them, in milliseconds; a long one would overflow setTimeout and fire at once. */
export function waitMs(seconds, otherwise = 1) {
  const usable = Number.isFinite(seconds) && seconds >= 0 ? seconds : otherwise;
  return Math.min(usable, LONGEST_RETRY_AFTER_SECONDS) * 1000;
}

export function environment(options = {}) {
  return {
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    // Who brings sockets of their own has them alone.
    Poll: options.Poll ?? (options.WebSocket ? null : Poll),
    now: options.now ?? (() => Date.now()),
    random: options.random ?? Math.random,
    timers: options.timers ?? {
      setTimeout: (callback, delay) => globalThis.setTimeout(callback, delay),
      clearTimeout: (timer) => globalThis.clearTimeout(timer),
    },
  };
}

export class Line {
  /** Seconds of the last `rejected`, for the wait after 4429. */
  retryAfter = 5;
  #environment;
  #address;
  #handlers;
  #ways;
  #socket = null;
  #state = "idle";
  #timer = null;
  #attempts = 0;
  #settledAt = null;
  #notBefore = 0;

  /** `address()` is asked at each attempt; handlers: frame(text), lost(code), status(detail), opened(). */
  constructor(address, handlers, options) {
    this.#address = address;
    this.#handlers = handlers;
    this.#environment = environment(options);
    this.#ways = new Ways(this.#environment);
  }

  get state() {
    return this.#state;
  }

  open() {
    if (this.#state === "idle" || this.#state === "closed") this.#connect();
  }

  close() {
    this.#drop();
    this.#tell({ state: "closed", code: 1000, returns: false });
  }

  send(text) {
    if (this.#state === "open") this.#socket.send(text);
  }

  /** The owner says: this connection has proved useful. */
  settled() {
    this.#settledAt ??= this.#environment.now();
    this.#clearTimer();
  }

  /** Comes back now instead of later; never before a flood's wait is over. */
  hurry() {
    if (this.#state === "waiting" && this.#environment.now() >= this.#notBefore) this.#connect();
  }

  /** The connection is dead although nobody said so. */
  fail() {
    if (this.#state === "open" || this.#state === "connecting") this.#lost(NO_ANSWER);
  }

  /** A fresh connection at once, for a reason of our own. */
  restart() {
    this.#drop();
    this.#handlers.lost?.(1000);
    this.#connect();
  }

  #connect() {
    this.#drop();
    this.#settledAt = null;
    this.#tell({ state: "connecting", attempt: this.#attempts });
    const address = this.#address();
    const Way = this.#ways.choose(address);
    const socket = new Way(address);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#handlers.frame(event.data);
    socket.onclose = (event) => this.#lost(event.code);
    this.#giveUpAfter(this.#ways.patience ?? SETTLE_MS);
  }

  #giveUpAfter(delay) {
    this.#clearTimer();
    this.#timer = this.#environment.timers.setTimeout(() => this.fail(), delay);
  }

  #opened() {
    this.#state = "open";
    this.#ways.opened();
    if (!this.#isSettled) this.#giveUpAfter(SETTLE_MS);
    this.#handlers.opened?.();
  }

  #lost(code) {
    if (this.#state === "connecting") this.#ways.failed();
    this.#drop();
    this.#handlers.lost?.(code);
    if (FINAL_CODES.has(code)) this.#tell({ state: "closed", code, returns: false });
    else this.#wait(code);
  }

  #wait(code) {
    const { now, timers } = this.#environment;
    if (this.#isSettled && now() - this.#settledAt >= STEADY_MS) this.#attempts = 0;
    const delay = this.#delay(code);
    this.#attempts += 1;
    const until = now() + delay;
    this.#notBefore = code === FLOODING ? until : 0;
    this.#timer = timers.setTimeout(() => this.#connect(), delay);
    this.#tell({ state: "waiting", until, code, returns: true });
  }

  #delay(code) {
    const { random } = this.#environment;
    if (code === FLOODING) return waitMs(this.retryAfter) + random() * 1000;
    // At once, but not round and round on a server that loses its view before it has shown anything.
    if (code === LOST_VIEW && this.#isSettled) return 0;
    const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempts);
    return full * (0.5 + random() / 2);
  }

  get #isSettled() {
    return this.#settledAt !== null;
  }

  // A dead line may take minutes to say "close", and must not be heard when it does.
  #drop() {
    this.#clearTimer();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #clearTimer() {
    this.#environment.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(status) {
    this.#state = status.state;
    this.#handlers.status?.(status);
  }
}
