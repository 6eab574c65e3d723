// What is read and what is not: the marker, the line "New", the number in the title.
// Must not draw messages; it moves the timeline's divider and tells how far this person read.

const TELL_MS = 1_000;

export class Unread {
  #timeline;
  #tell;
  #me;
  #title = document.title;
  #marker = null;
  #told = 0;
  #timer = null;

  /** `tell(offset)` sends the marker; `position()` gives the cursor. */
  constructor(timeline, me, { tell, position }) {
    this.#timeline = timeline;
    this.#me = me;
    this.#tell = () => tell(this.#told);
    this.position = position;
  }

  get count() {
    return this.#unread().length;
  }

  /** What the server knows; it counts only forwards. 0 is a newcomer, for whom nothing is old and so nothing new. */
  mark(offset) {
    if (!(offset > 0)) return;
    this.#marker = Math.max(this.#marker ?? 0, offset);
    this.#told = Math.max(this.#told, offset);
    this.update();
  }

  /** The first backlog is here: what the marker does not cover is new. */
  start() {
    this.#marker ??= this.position();
    this.#timeline.divide(this.#unread()[0]?.id ?? null);
    this.update();
  }

  /** Own words mean that the person has seen what was above them. */
  wrote() {
    this.#timeline.divide(null);
  }

  /** To be called whenever messages came, the reader moved, or the window got or lost the focus. */
  update() {
    if (this.#marker === null) return;
    if (this.#isSeen()) this.#read();
    const unread = this.#unread();
    if (unread.length && !this.#timeline.item(unread[0].id).querySelector(".line.unread")) {
      this.#timeline.divide(unread[0].id);
    }
    document.title = unread.length && !this.#isFocused() ? `(${unread.length}) ${this.#title}` : this.#title;
  }

  #isFocused() {
    return !document.hidden && document.hasFocus();
  }

  #isSeen() {
    return this.#timeline.atBottom && this.#isFocused();
  }

  #unread() {
    if (this.#marker === null) return [];
    const isUnread = ({ id, author, removed }) => id > this.#marker && author.handle !== this.#me && !removed;
    return this.#timeline.messages.filter(isUnread);
  }

  #read() {
    const newest = this.#timeline.messages.at(-1)?.id ?? 0;
    if (newest <= this.#marker) return;
    this.#marker = Math.max(newest, this.position() ?? 0);
    this.#timer ??= setTimeout(() => this.#tellNow(), TELL_MS);
  }

  #tellNow() {
    this.#timer = null;
    if (this.#marker <= this.#told) return;
    this.#told = this.#marker;
    this.#tell();
  }
}
