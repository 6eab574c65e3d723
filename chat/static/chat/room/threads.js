// @ts-check
// The threads of a room, as far as the page has their messages: the summary of each, and the thread of each reply.
// Must not draw, and must not know sockets.

import { Emitter } from "../connection/emitter.js";
import { isReply } from "./replies.js";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {NonNullable<Message["thread"]>} Summary */

/** Emits `noted` with {message} for each received message, new or changed. */
export class Threads extends Emitter {
  /** @type {Map<number, Summary>} */
  #summaries = new Map();
  /**
   * The first message of the thread of each reply, by ids.
   * @type {Map<number, number>}
   */
  #roots = new Map();

  /**
   * Takes a message that the page has received. Returns the message with the newest summary of its thread.
   * @param {Message} message
   * @returns {Message}
   */
  note(message) {
    if (message.thread) {
      const { root } = message.thread;
      const known = this.#summaries.get(root);
      if (!known || known.offset <= message.thread.offset) this.#summaries.set(root, message.thread);
      if (isReply(message)) this.#roots.set(message.id, root);
    }
    const summary = this.#summaries.get(message.thread?.root ?? message.id);
    const noted = summary ? { ...message, thread: summary } : message;
    this.emit("noted", { message: noted });
    return noted;
  }

  /**
   * Returns the id of the first message of the thread in which a message is a reply; undefined for other messages.
   * @param {number} id
   */
  rootOf(id) {
    return this.#roots.get(id);
  }

  /**
   * Returns the summary of the thread of a message; undefined if it has no thread.
   * @param {number} root
   */
  summaryOf(root) {
    return this.#summaries.get(root);
  }

  /** Whether the page has a reply. */
  get hasReplies() {
    return this.#roots.size > 0;
  }

  clear() {
    this.#summaries.clear();
    this.#roots.clear();
  }
}
