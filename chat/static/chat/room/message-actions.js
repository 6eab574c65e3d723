// @ts-check
// Submits the messages and reactions of this person, and says which actions they may take on each message.
// Must not draw. The server checks every permission again.

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * @typedef {object} Parts
 * @property {import("../connection/room-changes.js").RoomChanges} changes
 * @property {import("./timeline.js").Timeline} timeline
 * @property {import("./read-marker.js").ReadMarker} readMarker
 * @property {() => boolean} isModerating whether this person moderates the room
 * @property {boolean} isBoard
 */

export class MessageActions {
  /** @type {string} */
  #me;
  /** @type {Parts} */
  #parts;

  /**
   * @param {string} me
   * @param {Parts} parts
   */
  constructor(me, parts) {
    this.#me = me;
    this.#parts = parts;
  }

  /**
   * Posts the text of the composer, or edits a message with it.
   * @param {string} body
   * @param {import("./composer.js").Target | null} target
   */
  submit(body, target) {
    const { changes, readMarker, timeline } = this.#parts;
    if (target?.kind === "edit") {
      if (body.trim() !== target.message.body) changes.edit(target.message.id, body);
      return;
    }
    changes.post(body, target?.message.id ?? null);
    readMarker.wroteMessage();
    timeline.scrollToEnd();
  }

  /**
   * Gives a reaction, or takes it back.
   * @param {number} id
   * @param {string} emoji
   */
  toggleReaction(id, emoji) {
    const handles = this.#parts.timeline.get(id)?.reactions?.[emoji] ?? [];
    this.#parts.changes.react(id, emoji, !handles.includes(this.#me));
  }

  /** Returns this person's newest message, or undefined. */
  findLastOwn() {
    return this.#parts.timeline.messages.findLast((message) => this.#isOwn(message) && !message.removed);
  }

  /**
   * Returns what this person may do with a message; null: nothing.
   * @param {number} id
   * @returns {import("./message-toolbar.js").Rights | null}
   */
  rightsOn(id) {
    const { timeline, isModerating, isBoard } = this.#parts;
    const message = timeline.get(id);
    if (!message || message.removed) return null;
    const isOwn = this.#isOwn(message);
    // A board has no reports: its owner is the only one in charge, and is in the conversation.
    return { edit: isOwn, remove: isOwn || isModerating(), report: !isOwn && !isBoard };
  }

  /** @param {Message} message */
  #isOwn(message) {
    return message.author.handle === this.#me;
  }
}
