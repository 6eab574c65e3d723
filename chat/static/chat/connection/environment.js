// @ts-check
// The time and chance that the connection modules use, so that tests can replace them.
// Must not know of connections.

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
 * Returns the browser's own time and chance, except for what `options` replaces.
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
