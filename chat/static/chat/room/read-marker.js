// @ts-check
// Tracks how far this person has read: the marker, the divider "New", the number in the page's title.
// Must not draw messages: it moves the timeline's divider, and sends the marker.

const SEND_DELAY_MS = 1_000;

export class ReadMarker {
  /** @type {import("./timeline.js").Timeline} */
  #timeline;
  /** @type {(offset: number) => void} */
  #send;
  /** @type {() => number | null} */
  #cursor;
  /** @type {string} */
  #me;
  #title = document.title;
  /**
   * Messages up to this id are read; null before the first backlog.
   * @type {number | null}
   */
  #position = null;
  #sent = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /**
   * @param {import("./timeline.js").Timeline} timeline
   * @param {string} me
   * @param {object} actions
   * @param {(offset: number) => void} actions.send sends the marker
   * @param {() => number | null} actions.cursor
   */
  constructor(timeline, me, { send, cursor }) {
    this.#timeline = timeline;
    this.#me = me;
    this.#send = send;
    this.#cursor = cursor;
  }

  get unreadCount() {
    return this.#unread().length;
  }

  /**
   * Takes the server's marker, which only moves forward. It is 0 for a newcomer, for whom no message counts as new.
   * @param {number} offset
   */
  receive(offset) {
    if (!(offset > 0)) return;
    this.#position = Math.max(this.#position ?? 0, offset);
    this.#sent = Math.max(this.#sent, offset);
    this.update();
  }

  /** Is called when the first backlog is complete. Marks the messages after the marker as new. */
  start() {
    this.#position ??= this.#cursor();
    this.#timeline.setFirstUnread(this.#unread()[0]?.id ?? null);
    this.update();
  }

  /** Removes the divider "New", because a person who wrote a message has seen the messages above it. */
  wroteMessage() {
    this.#timeline.setFirstUnread(null);
  }

  /** Is called when messages arrived, or when the scroll position or the window's focus changed. */
  update() {
    if (this.#position === null) return;
    if (this.#timeline.isAtBottom && isFocused()) this.#markAllRead();
    const unread = this.#unread();
    if (unread.length && !this.#timeline.hasUnreadDivider(unread[0].id)) this.#timeline.setFirstUnread(unread[0].id);
    document.title = unread.length && !isFocused() ? `(${unread.length}) ${this.#title}` : this.#title;
  }

  #unread() {
    const position = this.#position;
    if (position === null) return [];
    return this.#timeline.messages.filter(({ id, author, removed }) => (
      id > position && author.handle !== this.#me && !removed
    ));
  }

  #markAllRead() {
    const newest = this.#timeline.messages.at(-1)?.id ?? 0;
    if (newest <= (this.#position ?? 0)) return;
    this.#position = Math.max(newest, this.#cursor() ?? 0);
    if (this.#timer === null) this.#timer = setTimeout(() => this.#sendNow(), SEND_DELAY_MS);
  }

  #sendNow() {
    this.#timer = null;
    const position = this.#position ?? 0;
    if (position <= this.#sent) return;
    this.#sent = position;
    this.#send(position);
  }
}

function isFocused() {
  return !document.hidden && document.hasFocus();
}
