// How one moves through what was said: older pages, the jump to a quoted message, and the way back to the newest.
// Must not draw messages (timeline.js does), nor judge what is read (unread.js does).

import { find, plural } from "../ui/dom.js";

export class Reading {
  #socket;
  #timeline;
  #unread;
  #older = find("load-older");
  #beginning = find("beginning");
  #pill = find("new-messages");
  #target = null;
  #isStarted = false;

  constructor(socket, timeline, unread) {
    this.#socket = socket;
    this.#timeline = timeline;
    this.#unread = unread;
    this.#older.addEventListener("click", () => this.#loadOlder());
    this.#pill.addEventListener("click", () => timeline.scrollToEnd());
    timeline.addEventListener("scrolled", ({ detail }) => this.#scrolled(detail));
    window.addEventListener("focus", () => this.looked());
    window.addEventListener("blur", () => this.looked());
    document.addEventListener("visibilitychange", () => this.looked());
  }

  /** The picture is whole. At the first time one is shown its end. */
  synced() {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#timeline.scrollToEnd();
      this.#unread.start();
    }
    this.showOlder();
  }

  /** The picture is made anew. */
  forgot() {
    this.#isStarted = false;
  }

  /** An older page is drawn. */
  paged() {
    this.showOlder();
    if (this.#target !== null) this.jump(this.#target);
  }

  showOlder() {
    this.#older.hidden = !this.#socket.hasOlder;
    this.#older.disabled = false;
    this.#beginning.hidden = !this.#isStarted || this.#socket.hasOlder;
  }

  /** Shows a message. It may lie pages above: these are loaded until it is there. */
  jump(id) {
    this.#target = null;
    if (this.#timeline.jump(id) || !this.#socket.hasOlder || this.#socket.floor <= id) return;
    this.#target = id;
    this.#loadOlder();
  }

  /** To be called when messages came: they may be seen, or wait below. */
  looked() {
    this.#unread.update();
    const { count } = this.#unread;
    this.#pill.hidden = this.#timeline.atBottom;
    this.#pill.textContent = count ? `↓ ${plural(count, "new message")}` : "↓ To the newest";
  }

  #loadOlder() {
    if (this.#socket.fetchOlder()) this.#older.disabled = true;
  }

  #scrolled({ atTop }) {
    if (atTop && this.#isStarted && !this.#timeline.atBottom) this.#loadOlder();
    this.looked();
  }
}
