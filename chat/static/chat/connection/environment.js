// @ts-check
// What the connection modules take from the browser: time, random numbers and timers (tests replace all three), and the
// site's address. Must not know of connections.

/**
 * @typedef {object} Timers
 * @property {(callback: () => void, delayMs: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

/**
 * @typedef {object} Environment
 * @property {Timers} timers
 * @property {() => number} now milliseconds since 1970
 * @property {() => number} random from 0 to 1
 */

/**
 * Returns the browser's clock, random numbers and timers. `options` may replace each of them.
 * @param {Partial<Environment>} [options]
 * @returns {Environment}
 */
export function makeEnvironment(options = {}) {
  return {
    now: options.now ?? (() => Date.now()),
    random: options.random ?? Math.random,
    timers: options.timers ?? {
      setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs),
      clearTimeout: (timer) => globalThis.clearTimeout(timer),
    },
  };
}

/**
 * Returns the full address of a websocket path on the page's own host.
 * @param {string} path
 */
export function socketUrl(path) {
  const { protocol, host } = globalThis.location;
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`;
}

/** Timers that have names. At most one timer of each name runs at a time, and all can be stopped together. */
export class TimerSet {
  /** @type {Timers} */
  #timers;
  /** @type {Map<string, any>} */
  #running = new Map();

  /** @param {Timers} timers */
  constructor(timers) {
    this.#timers = timers;
  }

  /** @param {string} name */
  isRunning(name) {
    return this.#running.has(name);
  }

  /**
   * Starts the timer of this name, and first stops a running timer of the same name.
   * @param {string} name
   * @param {number} delayMs
   * @param {() => void} callback
   */
  start(name, delayMs, callback) {
    this.stop(name);
    const run = () => {
      this.#running.delete(name);
      callback();
    };
    this.#running.set(name, this.#timers.setTimeout(run, delayMs));
  }

  /** @param {string} name */
  stop(name) {
    if (!this.#running.has(name)) return;
    this.#timers.clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  stopAll() {
    for (const name of [...this.#running.keys()]) this.stop(name);
  }
}
