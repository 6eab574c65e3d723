// The drawn messages, sorted by id, and where the reader stands among them.
// Must not know of sockets; it draws what it is given and keeps the reader's place.

import { makeItem, redraw } from "./message.js";
import { dayName, dayOf, make } from "../ui/dom.js";

const AT_BOTTOM_PX = 48;
const SAME_BREATH_MS = 5 * 60_000;
const FLASH_MS = 1_600;
// Above this the oldest are given back, while the reader is at the bottom.
const LONGEST = 1_000;
const KEPT = 500;

export class Timeline extends EventTarget {
  #scroller;
  #list;
  #view;
  #ids = [];
  #drawn = new Map();
  #quotedBy = new Map();
  #queue = new Map();
  #timer = null;
  #stuck = true;
  #top = 0;
  #dividerId = null;

  /** `view` is handed on to message.js; `find` is added to it here. */
  constructor(scroller, list, view) {
    super();
    this.#scroller = scroller;
    this.#list = list;
    this.#view = { ...view, find: (id) => this.get(id) };
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(scroller);
    for (const child of scroller.children) observer.observe(child);
  }

  get atBottom() {
    return this.#stuck;
  }

  get messages() {
    return this.#ids.map((id) => this.#drawn.get(id).message);
  }

  get(id) {
    return this.#drawn.get(id)?.message;
  }

  item(id) {
    return this.#drawn.get(id)?.item;
  }

  /** Draws soon: a backlog of hundreds comes as hundreds of frames and is drawn at once. */
  add(message) {
    this.#queue.set(message.id, message);
    this.#timer ??= setTimeout(() => this.flush(), 16);
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const messages = [...this.#queue.values()].sort((a, b) => a.id - b.id);
    this.#queue.clear();
    if (!messages.length) return;
    this.#keepingPlace(() => this.#drawAll(messages));
    if (this.#stuck && this.#ids.length > LONGEST) this.#shorten();
    this.dispatchEvent(new CustomEvent("drawn", { detail: { messages } }));
  }

  /** Back to what the server last said, for example after a refused edit. */
  redraw(id) {
    const entry = this.#drawn.get(id);
    if (entry) redraw(entry.item, entry.message, this.#view);
  }

  clear() {
    this.#queue.clear();
    this.#ids = [];
    this.#drawn.clear();
    this.#quotedBy.clear();
    this.#list.replaceChildren();
    this.#stuck = true;
  }

  scrollToEnd() {
    this.#stuck = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#top = this.#scroller.scrollTop;
  }

  /** True when the message is drawn and now in sight. */
  jump(id) {
    const item = this.item(id);
    if (!item) return false;
    item.scrollIntoView({ block: "center" });
    item.classList.add("flash");
    setTimeout(() => item.classList.remove("flash"), FLASH_MS);
    return true;
  }

  /** Draws the line "New" above this message, or nowhere. */
  divide(id) {
    const old = this.item(this.#dividerId);
    this.#dividerId = id;
    if (old) this.#relate(old);
    if (this.item(id)) this.#relate(this.item(id));
  }

  #drawAll(messages) {
    const touched = new Set();
    for (const message of messages) {
      const item = this.#place(message);
      redraw(item, message, this.#view);
      touched.add(item).add(item.nextElementSibling);
      for (const quoting of this.#quotedBy.get(message.id) ?? []) this.redraw(quoting);
      if (message.reply_to) this.#noteQuote(message.reply_to, message.id);
    }
    for (const item of touched) if (item) this.#relate(item);
  }

  #place(message) {
    const entry = this.#drawn.get(message.id);
    if (entry) {
      entry.message = message;
      return entry.item;
    }
    const item = makeItem(message);
    let index = this.#ids.length;
    while (index > 0 && this.#ids[index - 1] > message.id) index -= 1;
    this.#list.insertBefore(item, this.item(this.#ids[index]) ?? null);
    this.#ids.splice(index, 0, message.id);
    this.#drawn.set(message.id, { message, item });
    return item;
  }

  #noteQuote(quoted, quoting) {
    const ids = this.#quotedBy.get(quoted) ?? new Set();
    this.#quotedBy.set(quoted, ids.add(quoting));
  }

  // What an item looks like because of the one above it: a new day, the same author going on, the line "New".
  #relate(item) {
    const message = this.get(Number(item.dataset.id));
    const above = this.get(Number(item.previousElementSibling?.dataset.id));
    const newDay = !above || dayOf(above.at) !== dayOf(message.at);
    const divided = message.id === this.#dividerId;
    const goesOn = !newDay && !divided && !message.reply_to && above.author.handle === message.author.handle
      && new Date(message.at) - new Date(above.at) < SAME_BREATH_MS;
    item.classList.toggle("goes-on", goesOn);
    for (const line of item.querySelectorAll(":scope > .line")) line.remove();
    if (divided) item.prepend(make("div", { class: "line unread", "data-testid": "unread-line", text: "New" }));
    if (newDay) item.prepend(make("div", { class: "line day", text: dayName(message.at) }));
  }

  #keepingPlace(change) {
    const anchor = this.#stuck ? null : this.#firstInSight();
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (anchor?.isConnected) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before;
    else if (this.#stuck) this.scrollToEnd();
  }

  #firstInSight() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const id of this.#ids) {
      const item = this.item(id);
      if (item.getBoundingClientRect().bottom > top) return item;
    }
    return null;
  }

  #shorten() {
    const gone = this.#ids.splice(0, this.#ids.length - KEPT);
    for (const id of gone) {
      this.item(id).remove();
      this.#drawn.delete(id);
    }
    this.#relate(this.item(this.#ids[0]));
    this.scrollToEnd();
    this.dispatchEvent(new CustomEvent("shortened", { detail: { from: this.#ids[0] } }));
  }

  #resized() {
    if (this.#stuck) this.scrollToEnd();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    // Only who scrolls up leaves the end. Where a bar has come or the text has grown, the observer is told next.
    const isLeft = scrollTop < this.#top;
    const stuck = (this.#stuck && !isLeft) || scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
    this.#top = scrollTop;
    const changed = stuck !== this.#stuck;
    this.#stuck = stuck;
    this.dispatchEvent(new CustomEvent("scrolled", { detail: { changed, atTop: scrollTop < 200 } }));
  }
}
