// Which way leads to the server: a WebSocket, or long polling where the network lets none through.
// Must not open anything, and must not wait: line.js does.

// A network that forbids sockets shows at once; once one has opened, failures mean that the server is away.
const FEW_FAILURES = 2;
const MANY_FAILURES = 8;
// Some proxies neither refuse a socket nor let it through.
const OPEN_MS = 10_000;
const AGAIN_MS = 300_000;

/** `?transport=poll` in the page's address, or `chat.transport` in localStorage: for tests, and to find faults. */
export function isPollingForced(page = globalThis) {
  if (new URLSearchParams(page.location?.search).get("transport") === "poll") return true;
  try {
    return page.localStorage?.getItem("chat.transport") === "poll";
  } catch {
    return false;
  }
}

export class Ways {
  #WebSocket;
  #Poll;
  #isForced;
  #now;
  #chosen = null;
  #hasOther = false;
  #hasOpened = false;
  #polls = false;
  #failures = 0;
  #triedAt = -Infinity;

  /** `Poll` may be null: then there are only sockets. */
  constructor({ WebSocket, Poll, now, isForced = isPollingForced }) {
    this.#WebSocket = WebSocket;
    this.#Poll = Poll;
    this.#isForced = isForced;
    this.#now = now;
  }

  /** Returns the class of the connection to try next. */
  choose(url) {
    this.#hasOther = Boolean(this.#Poll?.serves(url));
    this.#chosen = this.#isForPolling ? this.#Poll : this.#WebSocket;
    if (this.#chosen === this.#WebSocket) this.#triedAt = this.#now();
    return this.#chosen;
  }

  /** So long the chosen one may take to open, in ms; null: as long as any. */
  get patience() {
    return this.#hasOther && this.#chosen === this.#WebSocket && !this.#hasOpened ? OPEN_MS : null;
  }

  /** The chosen one has opened. */
  opened() {
    this.#polls = this.#chosen === this.#Poll;
    if (this.#polls) return;
    this.#hasOpened = true;
    this.#failures = 0;
  }

  /** The chosen one has never opened: it is the other's turn, sooner or later. */
  failed() {
    this.#polls = false;
    this.#failures = this.#chosen === this.#Poll ? this.#enough - 1 : this.#failures + 1;
  }

  get #enough() {
    return this.#hasOpened ? MANY_FAILURES : FEW_FAILURES;
  }

  get #isForPolling() {
    if (!this.#hasOther) return false;
    if (!this.#WebSocket || this.#isForced()) return true;
    // Where polling works, it is not left before a socket may work again.
    if (this.#polls) return this.#now() - this.#triedAt < AGAIN_MS;
    return this.#failures >= this.#enough;
  }
}
