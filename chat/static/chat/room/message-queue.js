// @ts-check
// Collects received messages for 16 ms: a backlog arrives as hundreds of frames, and is drawn in few steps.
// Must not draw.

/** @typedef {import("../connection/wire.js").Message} Message */

// About one frame of the screen.
const DELAY_MS = 16;

export class MessageQueue {
  /** @type {() => void} */
  #draw;
  /**
   * The newest state of each waiting message.
   * @type {Map<number, Message>}
   */
  #waiting = new Map();
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /** @param {() => void} draw is called soon after a message arrived, and takes the waiting messages */
  constructor(draw) {
    this.#draw = draw;
  }

  /** @param {Message} message */
  add(message) {
    this.#waiting.set(message.id, message);
    this.#timer ??= setTimeout(() => this.#draw(), DELAY_MS);
  }

  /** Returns the waiting messages, the oldest first, and removes them from the queue. */
  take() {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    const messages = [...this.#waiting.values()].sort((a, b) => a.id - b.id);
    this.#waiting.clear();
    return messages;
  }

  clear() {
    this.#waiting.clear();
  }
}
