// @ts-check
// The reader's position in a scrolling element. At the bottom, the element follows new content. Elsewhere, the position
// stays the same.
// Must not know what is scrolled.

import { Emitter } from "../connection/emitter.js";

const AT_BOTTOM_PX = 48;
const NEAR_END_PX = 200;
// A message counts as seen even if the margin below its last line is not visible.
const SEEN_TOLERANCE_PX = 8;
// Below this difference the position is correct. Setting it again would end the browser's own smooth scrolling.
const CORRECT_PX = 0.1;

/**
 * The first visible item, and its distance from the upper edge of the scrolling element.
 * @typedef {{ item: HTMLElement, top: number }} Anchor
 */

/** Emits the event `scrolled` with {atTop, nearEnd}: whether the upper and the lower end are nearer than NEAR_END_PX. */
export class ScrollPosition extends Emitter {
  /** @type {HTMLElement} */
  #scroller;
  #isAtBottom = true;
  #canFollow = true;
  #lastScrollTop = 0;
  /** The scroll position after the last correction. */
  #restoredTop = -1;
  /** @type {() => Iterable<HTMLElement>} */
  #items;
  /** @type {Anchor | null} */
  #anchor = null;

  /**
   * @param {HTMLElement} scroller
   * @param {() => Iterable<HTMLElement>} items returns all items in their order; the first visible item does not move
   */
  constructor(scroller, items) {
    super();
    this.#scroller = scroller;
    this.#items = items;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => this.#restore());
    observer.observe(scroller);
    for (const child of scroller.children) observer.observe(child);
  }

  get isAtBottom() {
    return this.#canFollow && this.#isAtBottom;
  }

  /** Whether the bottom is near. The caller then loads the content that follows. */
  get isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return clientHeight > 0 && scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  /**
   * Must be false while the bottom is not the newest content. New content then never changes the reader's position.
   * @param {boolean} canFollow
   */
  set canFollow(canFollow) {
    if (canFollow && !this.#canFollow) this.#isAtBottom = false;
    this.#canFollow = canFollow;
  }

  /** Scrolls to the bottom, and then follows new content. */
  scrollToEnd() {
    this.#isAtBottom = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastScrollTop = this.#scroller.scrollTop;
  }

  /** Scrolls to the upper end. */
  scrollToStart() {
    this.#scroller.scrollTop = 0;
    const { scrollHeight, clientHeight } = this.#scroller;
    this.#isAtBottom = scrollHeight - clientHeight < AT_BOTTOM_PX;
    this.#lastScrollTop = 0;
  }

  /**
   * Scrolls to the bottom, but keeps the upper edge of `item` visible. If the bottom is then not visible, new content no
   * longer changes the reader's position.
   * @param {HTMLElement} item
   */
  scrollToEndBelow(item) {
    this.scrollToEnd();
    const hiddenPx = this.#scroller.getBoundingClientRect().top - item.getBoundingClientRect().top;
    if (hiddenPx <= 0) return;
    this.#isAtBottom = false;
    this.#scroller.scrollTop -= hiddenPx;
    this.#lastScrollTop = this.#scroller.scrollTop;
  }

  /**
   * Scrolls `item` to the middle. The new position counts at once, because the browser sends its event later.
   * @param {HTMLElement} item
   */
  scrollTo(item) {
    item.scrollIntoView({ block: "center" });
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#isAtBottom = scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
    this.#lastScrollTop = scrollTop;
  }

  /**
   * Returns whether the lower edge of `item` is visible, or above the visible part.
   * @param {HTMLElement} item
   */
  hasPassed(item) {
    return item.getBoundingClientRect().bottom <= this.#scroller.getBoundingClientRect().bottom + SEEN_TOLERANCE_PX;
  }

  /**
   * Keeps the reader's position while `change` inserts or changes elements.
   * @param {() => void} change
   */
  keepDuring(change) {
    this.#setAnchor();
    change();
    this.#restore();
  }

  /** Remembers the reader's position, because other items are on the page now. */
  remember() {
    this.#setAnchor();
  }

  /** Remembers the reader's position, because the element leaves the page. */
  suspend() {
    this.#setAnchor();
  }

  /** Restores the reader's position, because the element is on the page again. */
  resume() {
    this.#restore();
  }

  #setAnchor() {
    const { top: edge } = this.#scroller.getBoundingClientRect();
    this.#anchor = null;
    if (this.isAtBottom) return;
    for (const item of this.#items()) {
      const { top, bottom } = item.getBoundingClientRect();
      if (bottom <= edge) continue;
      this.#anchor = { item, top: top - edge };
      return;
    }
  }

  /** Scrolls so that the anchor, or the bottom, is where it was. Content may also change late: a button, an image. */
  #restore() {
    // An element outside the page has no scroll position.
    if (!this.#scroller.isConnected) return;
    if (this.isAtBottom) this.scrollToEnd();
    else if (this.#anchor?.item.isConnected) {
      const { item, top } = this.#anchor;
      const { top: edge } = this.#scroller.getBoundingClientRect();
      const movedPx = item.getBoundingClientRect().top - edge - top;
      if (Math.abs(movedPx) > CORRECT_PX) this.#scroller.scrollTop += movedPx;
      this.#lastScrollTop = this.#scroller.scrollTop;
    }
    this.#restoredTop = this.#scroller.scrollTop;
  }

  #scrolled() {
    if (!this.#scroller.isConnected) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    // Only scrolling up ends the following of new content. A new bar or a longer text also moves the bottom, but then the
    // observer scrolls to the bottom.
    const hasMovedUp = scrollTop < this.#lastScrollTop;
    const isNearBottom = scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
    this.#lastScrollTop = scrollTop;
    this.#isAtBottom = (this.#isAtBottom && !hasMovedUp) || isNearBottom;
    // After a correction by `#restore` the anchor stays, because more content may change before the next frame.
    if (Math.abs(scrollTop - this.#restoredTop) > 1) this.#setAnchor();
    this.emit("scrolled", { atTop: scrollTop < NEAR_END_PX, nearEnd: this.isNearEnd });
  }
}
