// @ts-check
// Which messages are replies in threads. Must not draw.

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * Returns whether a message is a reply in a thread. The timeline of the room does not show it.
 * @param {Pick<Message, "id" | "thread">} message
 */
export function isReply({ id, thread }) {
  return thread !== undefined && thread.root !== id;
}
