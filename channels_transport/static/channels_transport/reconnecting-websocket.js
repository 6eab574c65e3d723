// A WebSocket that reconnects by itself, for sites without such a class of their own. It must not know a site's protocol
// or use the DOM.
//
//   import { ReconnectingWebSocket } from "/static/channels_transport/reconnecting-websocket.js";
//
//   const socket = new ReconnectingWebSocket(`wss://${location.host}/rooms/garden/`);
//   socket.addEventListener("open", () => loadWhatWasMissed());
//   socket.addEventListener("message", (event) => show(JSON.parse(event.data)));
//
// Messages that a group got while the socket was closed do not arrive later, so load the current state after each "open".

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
// A connection that lasted this long was a good one: the next pause is short again.
const GOOD_CONNECTION_MS = 5_000;
// When the network is back, an attempt that began this much earlier may wait for packets that were lost.
const STALE_ATTEMPT_MS = 2_000;

/** Messages of this connection may be lost: load the current state after the next "open". */
export const CONNECTION_LOST = 4408;
/** This client sends too much. */
export const TOO_MANY_FRAMES = 4429;

/**
 * @typedef {object} Options
 * @property {string | string[]} [protocols] the subprotocols
 * @property {"blob" | "arraybuffer"} [binaryType] the type of the `data` of binary messages
 * @property {number[]} [finalCodes] the close codes after which the client does not connect again, such as that for "forbidden"
 * @property {(url: string, protocols?: string | string[]) => WebSocket} [makeSocket] for tests
 * @property {{setTimeout: Function, clearTimeout: Function}} [timers] for tests
 * @property {() => number} [now] for tests: milliseconds
 * @property {() => number} [random] for tests: from 0 to 1
 */

/** Dispatches "open", "message" and "close" like a WebSocket. A "close" has `detail.code` and `detail.willReconnect`. */
export class ReconnectingWebSocket extends EventTarget {
  /** @type {WebSocket | null} */
  #socket = null;
  #timer = null;
  #failures = 0;
  #attemptedAt = 0;
  #openedAt = 0;
  #isOver = false;
  #url;
  #options;

  /**
   * Connects at once.
   *
   * @param {string | (() => string)} url a function is called for each connection, so the URL can say where to resume
   * @param {Options} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#url = url;
    this.#options = {
      binaryType: /** @type {BinaryType} */ ("blob"),
      finalCodes: [],
      makeSocket: (/** @type {string} */ address, /** @type {any} */ protocols) => new WebSocket(address, protocols),
      timers: globalThis,
      now: () => performance.now(),
      random: Math.random,
      ...options,
    };
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === 1;
  }

  /**
   * Sends a frame. Returns whether the socket was open; a frame that was not sent is not kept.
   *
   * @param {string | ArrayBuffer | Blob | ArrayBufferView<ArrayBuffer>} data
   */
  send(data) {
    if (!this.isOpen) return false;
    this.#socket?.send(data);
    return true;
  }

  /** Closes the socket permanently. */
  close(code = 1000) {
    this.#isOver = true;
    this.#options.timers.clearTimeout(this.#timer);
    this.#socket?.close(code);
  }

  /**
   * Connects now instead of after the pause, and replaces an attempt that hangs. Call it when the network is back, or the
   * page is shown again.
   */
  reconnectNow() {
    if (this.#isOver || (this.#socket && !this.#isStale)) return;
    this.#options.timers.clearTimeout(this.#timer);
    const stale = this.#socket;
    this.#connect();
    stale?.close();
  }

  get #isStale() {
    return this.#socket?.readyState === 0 && this.#options.now() - this.#attemptedAt >= STALE_ATTEMPT_MS;
  }

  #connect() {
    const url = typeof this.#url === "function" ? this.#url() : this.#url;
    const socket = this.#options.makeSocket(url, this.#options.protocols);
    this.#socket = socket;
    socket.binaryType = this.#options.binaryType;
    this.#attemptedAt = this.#options.now();
    this.#openedAt = Infinity;
    socket.addEventListener("open", () => {
      this.#openedAt = this.#options.now();
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", ({ data }) => this.dispatchEvent(new MessageEvent("message", { data })));
    socket.addEventListener("close", ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    });
  }

  /** @param {number} code */
  #closed(code) {
    this.#socket = null;
    const wasGood = this.#options.now() - this.#openedAt >= GOOD_CONNECTION_MS;
    this.#failures = wasGood ? 0 : this.#failures + 1;
    this.#isOver ||= this.#options.finalCodes.includes(code);
    if (!this.#isOver) this.#timer = this.#options.timers.setTimeout(() => this.#connect(), this.#pause(code, wasGood));
    this.dispatchEvent(new CustomEvent("close", { detail: { code, willReconnect: !this.#isOver } }));
  }

  /**
   * Returns how long to wait (ms). Clients of a server that restarts wait for random times, so that they do not all
   * connect at once. After 4408 a good connection needs no pause, because the server has spread the closes.
   *
   * @param {number} code
   * @param {boolean} wasGood
   */
  #pause(code, wasGood) {
    if (code === CONNECTION_LOST && wasGood) return 0;
    const longest =
      code === TOO_MANY_FRAMES ? LONGEST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    return longest * (0.5 + this.#options.random() / 2);
  }
}
