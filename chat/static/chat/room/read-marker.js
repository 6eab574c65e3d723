// @ts-check
// Decides what this person has read, and tells the server: a message is read when it was on the screen, and everything
// before it was loaded. Also places the divider "New", and tells the page how many messages are unread.
// Must not draw messages: it only places the timeline's divider, and scrolls to it.

import { isPageFocused } from "../ui/page-title.js";
import { UnreadMessages } from "./unread-messages.js";

const SEND_INTERVAL_MS = 1_000;

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * `isMore`: there may be more unread messages, because the server counts only a limited number.
 * @typedef {{ count: number, isMore: boolean }} Unread
 */

/**
 * @typedef {object} Room
 * @property {(offset: number) => boolean} send sends the marker; returns false without a connection
 * @property {() => number | null} cursor returns the offset up to which the page has every change; null before the first messages
 * @property {() => { from: number, to: number }} loaded the ids between which no message is missing
 * @property {(unread: Unread) => void} showUnread shows how many messages are unread
 * @property {import("../ui/scope.js").Scope} scope
 */

export class ReadMarker {
  /** @type {import("./timeline.js").Timeline} */
  #timeline;
  /** @type {Room} */
  #room;
  /** @type {UnreadMessages} */
  #unread;
  #hasStarted = false;
  /** False while missed messages arrive: the person has not seen what is drawn meanwhile. */
  #isCaughtUp = false;
  /** The newest message that was on the screen. Messages before it may be unread, because they were not loaded. */
  #shownTo = 0;
  /** Whether there are unread messages after `shownTo`. */
  #hasFresh = false;
  #sent = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /**
   * @param {import("./timeline.js").Timeline} timeline
   * @param {string} me
   * @param {Room} room
   */
  constructor(timeline, me, room) {
    this.#timeline = timeline;
    this.#room = room;
    this.#unread = new UnreadMessages(me);
    room.scope.listen(window, "pagehide", () => this.#sendNow());
    room.scope.listen(document, "visibilitychange", () => document.hidden && this.#sendNow());
  }

  /** The first unread message, loaded or not; null for none. */
  get firstUnreadId() {
    return this.#unread.firstId;
  }

  /** How many unread messages are below the visible part; 0 also if their number is not known. */
  get countBelow() {
    const unread = this.#unread;
    const below = unread.count - unread.unknownCount - unread.countBefore(this.#timeline.seenTo + 1);
    if (this.#timeline.isLive) return below;
    return unread.isMore ? 0 : below + unread.unknownCount;
  }

  /** How many unread messages are before the loaded ones; null if there are some, but their number is not known. */
  get countAbove() {
    const { from } = this.#room.loaded();
    if (!this.#hasStarted || !this.#isUnreadBefore(from)) return 0;
    const isCounted = this.#timeline.isLive && !this.#unread.isMore;
    return isCounted ? this.#unread.unknownCount + this.#unread.countBefore(from) : null;
  }

  /**
   * Takes the position from `joined`. The first time, and after a reset, it replaces the known position.
   * @param {object} joined
   * @param {{ read: number }} joined.you
   * @param {number} joined.offset
   * @param {number} [joined.unread]
   * @param {number | null} [joined.first_unread]
   */
  joined({ you, ...news }) {
    this.#isCaughtUp = false;
    this.#sent = you.read;
    if (this.#hasStarted) {
      this.receive(you.read);
    } else {
      this.#unread.start({ ...news, read: you.read });
      this.#shownTo = you.read;
    }
  }

  /** Starts again, because the page has forgotten all messages and will draw them again. */
  reset() {
    this.#hasStarted = false;
    this.#isCaughtUp = false;
  }

  /**
   * Takes a message that the page has received, drawn or not.
   * @param {Message} message
   */
  note(message) {
    this.#unread.note(message);
  }

  /**
   * Takes the position of the person's other tabs.
   * @param {number} offset
   */
  receive(offset) {
    this.#unread.readTo(offset);
    this.#shownTo = Math.max(this.#shownTo, offset);
    this.update();
  }

  /**
   * Starts to mark messages as read, because all missed messages are drawn. The first call places the divider, and
   * scrolls to it unless the reader sees the messages already. Messages are marked only when the caller next calls
   * `update`: before that, a room that opens at an older message shows other messages.
   * @param {{ isShown: boolean }} messages
   */
  caughtUp({ isShown }) {
    if (!this.#hasStarted) this.#start(isShown);
    this.update();
    this.#isCaughtUp = true;
    this.#schedule();
  }

  /** Sends the position now, because the room leaves the page. */
  suspend() {
    this.#sendNow();
  }

  /** Removes the divider "New", because a person who wrote a message has seen the messages above it. */
  wroteMessage() {
    this.#timeline.setFirstUnread(null);
  }

  /** Marks everything as read, also what was never loaded, because the person asked for it. */
  markAllRead() {
    this.#readTo(Math.max(this.#room.cursor() ?? 0, this.#timeline.newestId));
    this.#shownTo = this.#unread.position;
    this.#timeline.setFirstUnread(null);
  }

  /**
   * Updates what is read, the divider and the count. The caller calls this when messages arrived, or when the scroll
   * position or the window's focus changed.
   * @param {{ mayRead?: boolean }} [options] mayRead: what is on the screen counts as read
   */
  update({ mayRead = true } = {}) {
    // A room that is not on the page has no visible messages.
    if (!this.#hasStarted || !this.#room.scope.isActive) return;
    const { from, to } = this.#room.loaded();
    this.#unread.loaded(from, to);
    if (mayRead && this.#isCaughtUp && isPageFocused()) this.#readVisible(from);
    this.#placeDivider(from);
    this.#showCount();
  }

  /** @param {boolean} isShown */
  #start(isShown) {
    this.#hasStarted = true;
    const { from, to } = this.#room.loaded();
    this.#unread.loaded(from, to);
    const first = this.#unread.firstId;
    this.#hasFresh = first !== null;
    this.#timeline.setFirstUnread(first);
    if (!isShown && first !== null && from <= first) this.#timeline.scrollToUnread();
  }

  /** @param {number} from the first id that is loaded */
  #readVisible(from) {
    const seenTo = this.#timeline.seenTo;
    this.#shownTo = Math.max(this.#shownTo, seenTo);
    if (this.#isUnreadBefore(from)) return;
    // Edits and reactions take offsets too: at the end, everything up to the cursor is read.
    const isAtEnd = this.#timeline.isLive && seenTo === this.#timeline.newestId && !this.#unread.firstAfter(seenTo);
    this.#readTo(isAtEnd ? Math.max(seenTo, this.#room.cursor() ?? 0) : seenTo);
  }

  /** @param {number} id */
  #isUnreadBefore(id) {
    const first = this.#unread.firstId;
    return first !== null && first < id;
  }

  /** @param {number} position */
  #readTo(position) {
    if (position <= this.#unread.position) return;
    this.#unread.readTo(position);
    this.#schedule();
  }

  /**
   * Moves the divider to the next new message, but only when everything before this message was on the screen.
   * @param {number} from the first id that is loaded
   */
  #placeDivider(from) {
    const fresh = this.#unread.firstAfter(this.#shownTo);
    if (fresh !== null && !this.#hasFresh) this.#timeline.setFirstUnread(fresh);
    this.#hasFresh = fresh !== null;
    // While the person does not look, the timeline follows new messages only until the divider reaches the top. If the
    // first new message is not loaded, the divider is not where the person stopped. Then the bar above the
    // messages leads to that place.
    const isUnwatched = (document.hidden || !this.#isCaughtUp) && !this.#isUnreadBefore(from);
    if (fresh !== null && isUnwatched && this.#timeline.isAtBottom) this.#timeline.scrollToUnread();
  }

  #showCount() {
    const { count, isMore } = this.#unread;
    this.#room.showUnread({ count, isMore });
  }

  /** Sends the position now, and then at most once a second. */
  #schedule() {
    if (this.#timer !== null || !this.#sendNow()) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#schedule();
    }, SEND_INTERVAL_MS);
  }

  #sendNow() {
    const { position } = this.#unread;
    if (position <= this.#sent || !this.#room.send(position)) return false;
    this.#sent = position;
    return true;
  }
}
