// @ts-check
// Timers that have names: one of each name runs at a time, and all can be stopped at once.

export class TimerSet {
  /** @type {import("./environment.js").Timers} */
  #timers;
  /** @type {Map<string, any>} */
  #running = new Map();

  /** @param {import("./environment.js").Timers} timers */
  constructor(timers) {
    this.#timers = timers;
  }

  /** @param {string} name */
  isRunning(name) {
    return this.#running.has(name);
  }

  /**
   * Starts the timer of this name; a running one of the same name is stopped first.
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
