// @ts-check
// The list items of the drawn messages. They are one part of the loaded messages, without gaps.
// Must not fill the items, must not scroll, and must not decide which messages are drawn: message-window.js does.
//
// The padding of the list stands for the rows above and below the drawn part. When a row leaves the page, the padding grows
// by its measured height, so nothing that is visible moves.

/** @typedef {import("../connection/wire.js").Message} Message */

export class DrawnMessages {
  /** @type {HTMLElement} */
  #list;
  /** @type {import("./message-list.js").MessageList} */
  #messages;
  /** @type {(message: Message) => HTMLElement} */
  #make;
  /** @type {(item: HTMLElement, message: Message) => void} */
  #fill;
  /** @type {Map<number, HTMLElement>} */
  #items = new Map();
  #first = 0;
  #end = 0;
  /** The padding above and below the drawn rows. */
  #space = { abovePx: 0, belowPx: 0 };

  /**
   * @param {HTMLElement} list the element that contains the items
   * @param {import("./message-list.js").MessageList} messages all loaded messages
   * @param {(message: Message) => HTMLElement} makeItem makes the empty item of a message
   * @param {(item: HTMLElement, message: Message) => void} fill draws a message in its new item
   */
  constructor(list, messages, makeItem, fill) {
    this.#list = list;
    this.#messages = messages;
    this.#make = makeItem;
    this.#fill = fill;
  }

  get size() {
    return this.#end - this.#first;
  }

  /** The index of the first drawn message. */
  get first() {
    return this.#first;
  }

  /** The index after the last drawn message. */
  get end() {
    return this.#end;
  }

  /** The upper and the lower edge of the drawn rows in the browser's window. */
  get edges() {
    const { top, bottom } = this.#list.getBoundingClientRect();
    return { top: top + this.#space.abovePx, bottom: bottom - this.#space.belowPx };
  }

  /** The place in the browser's window where the first loaded row begins, drawn or not. */
  get top() {
    return this.#list.getBoundingClientRect().top;
  }

  /** Whether the reader has selected text in the list. */
  get hasSelection() {
    const selection = window.getSelection();
    return selection?.type === "Range" && this.#list.contains(selection.anchorNode);
  }

  /** @param {number | null | undefined} id */
  item(id) {
    return typeof id === "number" ? this.#items.get(id) : undefined;
  }

  /** @param {number} index */
  itemAt(index) {
    return this.item(this.#messages.idAt(index));
  }

  /** Yields the items in their order. Each item is looked up only when the caller needs it. */
  *items() {
    for (let index = this.#first; index < this.#end; index += 1) {
      const item = this.itemAt(index);
      if (item) yield item;
    }
  }

  /**
   * Returns the index after the last drawn message whose item fulfils a condition.
   * @param {(item: HTMLElement) => boolean} condition is true for all items up to some place, and false after it
   */
  endWhere(condition) {
    let [low, high] = [this.#first, this.#end];
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.itemAt(middle);
      if (item && condition(item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Makes room for a new message in the list of all messages. Draws it if it is between drawn messages, or is the newest or
   * the oldest message beside them.
   * @param {number} index the index of the new message
   * @returns {boolean} whether the message is drawn
   */
  insert(index) {
    const isNewest = index === this.#messages.size - 1;
    const isAbove = index < this.#first || (index === this.#first && index > 0 && this.size > 0);
    const isBelow = index > this.#end || (index === this.#end && !isNewest);
    if (isAbove) this.#first += 1;
    if (isAbove || !isBelow) this.#end += 1;
    if (!isAbove && !isBelow) this.#draw(index, index + 1);
    return !isAbove && !isBelow;
  }

  /** @param {number} count how many messages above the drawn ones are drawn too */
  drawAbove(count) {
    const end = this.#first;
    this.#first = Math.max(0, end - count);
    this.#draw(this.#first, end);
    this.updateSpace();
  }

  /** @param {number} count how many messages below the drawn ones are drawn too */
  drawBelow(count) {
    const from = this.#end;
    this.#end = Math.min(this.#messages.size, from + count);
    this.#draw(from, this.#end);
    this.updateSpace();
  }

  /** @param {number} count how many of the upper items leave the page */
  dropAbove(count) {
    this.#measure(this.#first, this.#first + count);
    this.#drop(this.#first, this.#first + count);
    this.#first += count;
    this.updateSpace();
  }

  /** @param {number} count how many of the lower items leave the page */
  dropBelow(count) {
    this.#measure(this.#end - count, this.#end);
    this.#drop(this.#end - count, this.#end);
    this.#end -= count;
    this.updateSpace();
  }

  /**
   * Draws other messages instead of the drawn messages.
   * @param {number} from
   * @param {number} to the index after the last message
   */
  replace(from, to) {
    this.#measure(this.#first, this.#end);
    this.#drop(this.#first, this.#end);
    this.#first = Math.max(0, from);
    this.#end = Math.min(this.#messages.size, to);
    this.#draw(this.#first, this.#end);
    this.updateSpace();
  }

  /** @param {number} count how many of the oldest messages are removed; no removed message is drawn */
  oldestRemoved(count) {
    this.#first -= count;
    this.#end -= count;
    this.updateSpace();
  }

  clear() {
    [this.#first, this.#end] = [0, 0];
    this.#items.clear();
    this.#list.replaceChildren();
    this.updateSpace();
  }

  /** Makes the padding as high as the rows that are not drawn. The caller calls this after `insert`. */
  updateSpace() {
    const messages = this.#messages;
    const abovePx = messages.heightBetween(0, this.#first);
    const belowPx = messages.heightBetween(this.#end, messages.size);
    if (abovePx !== this.#space.abovePx) this.#list.style.paddingTop = `${abovePx}px`;
    if (belowPx !== this.#space.belowPx) this.#list.style.paddingBottom = `${belowPx}px`;
    this.#space = { abovePx, belowPx };
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #draw(from, to) {
    const next = this.#items.get(this.#messages.idAt(to) ?? 0) ?? null;
    const items = document.createDocumentFragment();
    for (let index = from; index < to; index += 1) {
      const entry = this.#messages.entry(this.#messages.idAt(index));
      if (!entry) continue;
      const item = this.#make(entry.message);
      if (entry.keepsHeader) item.dataset.oldest = "";
      this.#items.set(entry.message.id, item);
      this.#fill(item, entry.message);
      items.append(item);
    }
    this.#list.insertBefore(items, next);
  }

  /**
   * Keeps the heights of rows that will leave the page. A row begins where the row above ends, so the height includes the
   * margin with the dividers.
   * @param {number} from
   * @param {number} to
   */
  #measure(from, to) {
    let above = from > this.#first ? this.itemAt(from - 1)?.getBoundingClientRect().bottom ?? 0 : this.edges.top;
    for (let index = from; index < to; index += 1) {
      const id = this.#messages.idAt(index);
      const item = this.item(id);
      const entry = this.#messages.entry(id);
      if (!item?.isConnected || !entry) continue;
      const { bottom } = item.getBoundingClientRect();
      this.#messages.measured(entry.message.id, bottom - above);
      entry.keepsHeader = item.dataset.oldest !== undefined;
      above = bottom;
    }
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #drop(from, to) {
    for (let index = from; index < to; index += 1) {
      const id = this.#messages.idAt(index) ?? 0;
      this.#items.get(id)?.remove();
      this.#items.delete(id);
    }
  }
}
