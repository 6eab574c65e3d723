// @ts-check
// Where the reader is in a scrolling element: at the bottom, which it then follows, or at some place, which it keeps.
// Must not know what is scrolled.

import { Emitter } from "../connection/emitter.js";

const AT_BOTTOM_PX = 48;
const NEAR_TOP_PX = 200;

/** Event: scrolled {atTop}. */
export class ScrollPosition extends Emitter {
  /** @type {HTMLElement} */
  #scroller;
  #isAtBottom = true;
  #lastScrollTop = 0;

  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    super();
    this.#scroller = scroller;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(scroller);
    for (const child of scroller.children) observer.observe(child);
  }

  get isAtBottom() {
    return this.#isAtBottom;
  }

  /** Follows the bottom from now on. */
  scrollToEnd() {
    this.#isAtBottom = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastScrollTop = this.#scroller.scrollTop;
  }

  /**
   * Keeps the reader's place while elements are inserted or changed.
   * @param {Iterable<HTMLElement>} items all items in their order; the first visible one stays where it is
   * @param {() => void} change
   */
  keepDuring(items, change) {
    const anchor = this.#isAtBottom ? null : this.#firstVisible(items);
    const topBefore = anchor?.getBoundingClientRect().top ?? 0;
    change();
    if (anchor?.isConnected) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - topBefore;
    else if (this.#isAtBottom) this.scrollToEnd();
  }

  /** @param {Iterable<HTMLElement>} items */
  #firstVisible(items) {
    const { top } = this.#scroller.getBoundingClientRect();
    for (const item of items) if (item.getBoundingClientRect().bottom > top) return item;
    return null;
  }

  #resized() {
    if (this.#isAtBottom) this.scrollToEnd();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    // Only scrolling up leaves the bottom. A new bar or longer text moves it too, but then the observer is called next.
    const hasMovedUp = scrollTop < this.#lastScrollTop;
    const isNearBottom = scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
    this.#lastScrollTop = scrollTop;
    this.#isAtBottom = (this.#isAtBottom && !hasMovedUp) || isNearBottom;
    this.emit("scrolled", { atTop: scrollTop < NEAR_TOP_PX });
  }
}
