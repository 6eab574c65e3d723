// @ts-check
// Sorts the favourites in the list of rooms: by dragging with a mouse, by dragging after a long press with a finger or a
// pen, and with keys. Must not change the order itself: it calls the passed actions.

import { child } from "../ui/dom.js";
import { loadLateStyles } from "../ui/late-styles.js";

const HOLD_MS = 400;
// A hand is never still. A mouse drags only after it has moved more than the first distance. A finger that moves more than
// the second distance scrolls the list.
const MOUSE_STILL_PX = 6;
const FINGER_STILL_PX = 10;
// Some browsers send a click when the pointer is lifted after a drag.
const LATE_CLICK_MS = 100;
// Near an end of the list, a drag scrolls the list.
const EDGE_PX = 36;
const SCROLL_STEP_PX = 7;

/**
 * @typedef {object} Actions
 * @property {(slug: string, before: string | null) => void} move moves a favourite before another one; null for the end
 * @property {(slug: string, step: 1 | -1) => void} moveBy moves a favourite by one place
 * @property {(slug: string, button: HTMLElement) => void} openMenu opens the menu of a room, beside a button
 */

/** @typedef {{ item: HTMLElement, pointer: number, x: number, y: number, isMouse: boolean }} Press */

/**
 * A drag. `before` is the slug of the favourite before which the item will stand. It is null for the end of the list, and
 * undefined if the item stays in its place.
 * @typedef {{ item: HTMLElement, pointer: number, startY: number, startScroll: number, y: number, hasMoved: boolean, before?: string | null }} Drag
 */

let isStarted = false;

/**
 * Lets the person sort the favourites. Later calls do nothing.
 * @param {HTMLElement} sidebar
 * @param {Actions} actions
 */
export function sortFavourites(sidebar, actions) {
  if (isStarted) return;
  isStarted = true;
  new FavouriteSorting(sidebar, actions).start();
}

class FavouriteSorting {
  /** @type {HTMLElement} */
  #sidebar;
  /** @type {HTMLElement} */
  #list;
  /** @type {Actions} */
  #actions;
  /**
   * The press that can become a drag.
   * @type {Press | null}
   */
  #press = null;
  /** @type {Drag | null} */
  #drag = null;
  /** Whether a drag ended less than LATE_CLICK_MS ago. */
  #hasJustEnded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} sidebar
   * @param {Actions} actions
   */
  constructor(sidebar, actions) {
    this.#sidebar = sidebar;
    this.#list = child(sidebar, "[data-section=favourites] ul");
    this.#actions = actions;
  }

  start() {
    const list = this.#list;
    list.addEventListener("pointerdown", (event) => this.#pressed(event));
    list.addEventListener("keydown", (event) => this.#keyPressed(event));
    // The browser would drag the link itself.
    list.addEventListener("dragstart", (event) => event.preventDefault());
    // Without this, the browser scrolls, and ends the drag of a finger.
    list.addEventListener("touchmove", (event) => this.#drag && event.cancelable && event.preventDefault(), { passive: false });
    document.addEventListener("pointermove", (event) => this.#moved(event));
    document.addEventListener("pointerup", () => this.#lifted());
    document.addEventListener("pointercancel", () => this.#cancel());
    window.addEventListener("blur", () => this.#cancel());
    document.addEventListener("contextmenu", (event) => this.#menuOpens(event), { capture: true });
    document.addEventListener("click", (event) => this.#clicked(event), { capture: true });
    document.addEventListener("keydown", (event) => this.#escapePressed(event), { capture: true });
  }

  /** @param {PointerEvent} event */
  #pressed({ pointerType, pointerId, isPrimary, button, target, clientX: x, clientY: y }) {
    this.#cancel();
    this.#hasJustEnded = false;
    const item = target instanceof Element && !target.closest("button") ? target.closest("li") : null;
    if (!isPrimary || button !== 0 || !item) return;
    loadLateStyles();
    const isMouse = pointerType === "mouse";
    this.#press = { item, pointer: pointerId, x, y, isMouse };
    if (!isMouse) this.#timer = setTimeout(() => this.#begin(), HOLD_MS);
  }

  /** @param {PointerEvent} event */
  #moved({ pointerId, clientX, clientY }) {
    if (this.#drag?.pointer === pointerId) {
      this.#drag.hasMoved ||= Math.abs(clientY - this.#drag.startY) > MOUSE_STILL_PX;
      this.#drag.y = clientY;
      this.#follow();
      return;
    }
    if (this.#press?.pointer !== pointerId) return;
    const { x, y, isMouse } = this.#press;
    const distance = Math.hypot(clientX - x, clientY - y);
    if (isMouse && distance > MOUSE_STILL_PX) this.#begin();
    else if (!isMouse && distance > FINGER_STILL_PX) this.#cancel();
  }

  #begin() {
    const { item, pointer, y } = /** @type {Press} */ (this.#press);
    clearTimeout(this.#timer);
    this.#press = null;
    if (!item.isConnected) return;
    this.#drag = { item, pointer, startY: y, startScroll: this.#scroller.scrollTop, y, hasMoved: false };
    item.classList.add("dragged");
    this.#list.classList.add("sorting");
    // The pointer may be lifted outside the page.
    if (item.hasPointerCapture && !item.hasPointerCapture(pointer)) tryToCapture(item, pointer);
    requestAnimationFrame(() => this.#scrollAtEdge());
  }

  /** The element that scrolls: on a phone the whole sidebar does. */
  get #scroller() {
    const places = /** @type {HTMLElement} */ (this.#list.closest(".places"));
    return getComputedStyle(places).overflowY === "visible" ? this.#sidebar : places;
  }

  /** Moves the item with the pointer, and moves the others out of the place where the item will stand. */
  #follow() {
    const drag = /** @type {Drag} */ (this.#drag);
    const { item, y, startY, startScroll } = drag;
    const movedPx = y - startY + this.#scroller.scrollTop - startScroll;
    item.style.transform = `translateY(${movedPx}px)`;
    const items = /** @type {HTMLElement[]} */ ([...this.#list.children]);
    const from = items.indexOf(item);
    const middle = middleOf(item) + movedPx;
    const others = items.filter((other) => other !== item);
    const to = others.filter((other) => middleOf(other) < middle).length;
    drag.before = to === from ? undefined : (others[to]?.dataset.slug ?? null);
    const rowPx = item.offsetHeight;
    others.forEach((other, index) => {
      const isBetween = index >= Math.min(from, to) && index < Math.max(from, to);
      other.style.transform = isBetween ? `translateY(${to > from ? -rowPx : rowPx}px)` : "";
    });
  }

  #scrollAtEdge() {
    if (!this.#drag) return;
    const { y, hasMoved } = this.#drag;
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    const step = y < top + EDGE_PX ? -SCROLL_STEP_PX : y > bottom - EDGE_PX ? SCROLL_STEP_PX : 0;
    if (step && hasMoved) {
      this.#scroller.scrollTop += step;
      this.#follow();
    }
    requestAnimationFrame(() => this.#scrollAtEdge());
  }

  #lifted() {
    const drag = this.#drag;
    this.#cancel();
    if (!drag) return;
    const { item, before, hasMoved } = drag;
    const { slug = "" } = item.dataset;
    if (!item.isConnected) return;
    // A long press without a move opens the menu, as in the other parts of the list.
    if (!hasMoved) this.#actions.openMenu(slug, child(item, "button"));
    else if (before !== undefined) this.#actions.move(slug, before);
  }

  /** Ends the press or the drag, and changes nothing. */
  #cancel() {
    clearTimeout(this.#timer);
    this.#press = null;
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    drag.item.classList.remove("dragged");
    this.#list.classList.remove("sorting");
    for (const item of /** @type {Iterable<HTMLElement>} */ (this.#list.children)) item.style.transform = "";
    this.#hasJustEnded = true;
    setTimeout(() => { this.#hasJustEnded = false; }, LATE_CLICK_MS);
  }

  /**
   * Replaces the menu that browsers open for a long press. The menus of a mouse and of the keyboard stay.
   * @param {Event} event
   */
  #menuOpens(event) {
    const isHeld = this.#press !== null && !this.#press.isMouse;
    if (!isHeld && !this.#drag) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isHeld) this.#begin();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!this.#hasJustEnded || !(event.target instanceof Node) || !this.#list.contains(event.target)) return;
    this.#hasJustEnded = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {KeyboardEvent} event */
  #escapePressed(event) {
    if (event.key !== "Escape" || !this.#drag) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#cancel();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const { key, altKey, shiftKey, ctrlKey, metaKey, target } = event;
    const item = target instanceof Element ? target.closest("li") : null;
    if (!item || !altKey || !shiftKey || ctrlKey || metaKey || (key !== "ArrowUp" && key !== "ArrowDown")) return;
    event.preventDefault();
    this.#actions.moveBy(item.dataset.slug ?? "", key === "ArrowUp" ? -1 : 1);
  }
}

/**
 * Returns the middle of an item in the list, as if no item was moved.
 * @param {HTMLElement} item
 */
function middleOf({ offsetTop, offsetHeight }) {
  return offsetTop + offsetHeight / 2;
}

/**
 * @param {HTMLElement} item
 * @param {number} pointer
 */
function tryToCapture(item, pointer) {
  try {
    item.setPointerCapture(pointer);
  } catch {
    // The pointer is lifted already. Its event `pointerup` ends the drag.
  }
}
