// @ts-check
// Submits this person's messages, edits and reactions, and decides which actions the page offers for each message.
// Must not draw. The server checks every permission again.

import { bookmarks } from "../connection/bookmarks.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * @typedef {object} Parts
 * @property {string} slug
 * @property {import("../connection/room-changes.js").RoomChanges} changes
 * @property {import("./timeline.js").Timeline} timeline
 * @property {Pick<import("./read-marker.js").ReadMarker, "wroteMessage">} readMarker
 * @property {() => void} showNewest scrolls to the newest message
 * @property {() => boolean} isModerating whether this person moderates the room
 * @property {(handle: string) => boolean} canModerate whether this person may change the role of another person
 * @property {boolean} isBoard
 * @property {number} [thread] the first message of the thread whose messages these are; undefined in the room
 * @property {boolean} hasProfiles whether people have profile cards: true everywhere except on a board
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
   * @param {string[]} [files] the ids of uploaded files, for a new message
   */
  submit(body, target, files = []) {
    const { changes, readMarker, showNewest, thread = null } = this.#parts;
    if (target?.kind === "edit") {
      if (body.trim() !== target.message.body) changes.edit(target.message.id, body);
      return;
    }
    changes.post(body, target?.message.id ?? null, files, thread);
    readMarker.wroteMessage();
    showNewest();
  }

  /**
   * Adds this person's reaction, or removes it.
   * @param {number} id
   * @param {string} emoji
   */
  toggleReaction(id, emoji) {
    const handles = this.#parts.timeline.get(id)?.reactions?.[emoji] ?? [];
    this.#parts.changes.react(id, emoji, !handles.includes(this.#me));
  }

  /**
   * Returns the newest loaded message that this person can edit: an own message that is not removed, and is no poll. Returns
   * undefined for none, or while an older part of the history is drawn.
   */
  findLastOwn() {
    if (!this.#parts.timeline.isLive) return undefined;
    return this.#parts.timeline.messages.findLast((message) => this.#isOwn(message) && !message.removed && !message.poll);
  }

  /**
   * Returns which actions this person may take on a message; null for none.
   * @param {number} id
   * @returns {import("./message-choices.js").Rights | null}
   */
  rightsOn(id) {
    const { timeline, isModerating, canModerate, isBoard, hasProfiles } = this.#parts;
    const message = timeline.get(id);
    if (!message || message.removed) return null;
    const isOwn = this.#isOwn(message);
    const moderate = canModerate(message.author.handle);
    const closePoll = (isOwn || isModerating()) && message.poll !== undefined && !message.poll.closed;
    // The server keeps the text of a poll as it is: people have voted on it. A board has no reports, because its only
    // moderator is its owner, who reads the conversation.
    return {
      edit: isOwn && !message.poll, closePoll, remove: isOwn || isModerating(), report: !isOwn && !isBoard, moderate, profile: hasProfiles, ...this.#toolsFor(message),
    };
  }

  /**
   * Returns which actions of message-tools.js this person may take. A message on a board has no address.
   * @param {Message} message
   */
  #toolsFor({ id, pinned, edited_at: editedAt }) {
    const { slug, isModerating, isBoard, thread } = this.#parts;
    const isPinned = Boolean(pinned);
    if (!isBoard) bookmarks.load();
    const mayPin = isModerating() && !isBoard;
    const isBookmarked = !isBoard && bookmarks.has(slug, id);
    return {
      thread: !isBoard && thread === undefined, link: !isBoard, remind: !isBoard, bookmark: !isBoard && !isBookmarked, unbookmark: isBookmarked, pin: mayPin && !isPinned, unpin: mayPin && isPinned,
      history: mayPin && Boolean(editedAt),
    };
  }

  /** @param {Message} message */
  #isOwn(message) {
    return message.author.handle === this.#me;
  }
}
