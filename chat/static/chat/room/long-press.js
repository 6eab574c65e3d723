// @ts-check
// Detects that a finger or a pen is held on a message. Must not know what the page then does.
// Scrolling, the browser's menu of a link, and the handles of a text selection still work as usual.

const HOLD_MS = 500;
// A resting finger also moves a little. A scroll moves further than this distance.
const STILL_PX = 10;
// Some browsers send a click when the finger is lifted after a long press.
const LATE_CLICK_MS = 100;

/** @typedef {{ item: HTMLElement, x: number, y: number, pointerType: string }} Press */

export class LongPress {
  /** @type {(item: HTMLElement) => void} */
  #act;
  /**
   * The press that can become a long press.
   * @type {Press | null}
   */
  #press = null;
  /** True from a long press until shortly after the finger is lifted. */
  #isHeld = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} list the list of messages
   * @param {(item: HTMLElement) => void} act is called with the message's item, while the finger is still down
   * @param {import("../ui/scope.js").Scope} scope
   */
  constructor(list, act, scope) {
    this.#act = act;
    const cancel = () => this.#cancel();
    scope.whileActive((signal) => signal.addEventListener("abort", cancel));
    // Listeners on the document also work when a dialog opens under the finger.
    scope.listen(document, "pointerdown", (event) => this.#pressed(event, list), { capture: true });
    scope.listen(document, "pointermove", (event) => this.#moved(event), { capture: true });
    scope.listen(document, "pointerup", () => this.#lifted(), { capture: true });
    scope.listen(document, "pointercancel", () => this.#lifted(), { capture: true });
    scope.listen(document, "scroll", cancel, { capture: true, passive: true });
    scope.listen(window, "blur", cancel);
    scope.listen(document, "contextmenu", (event) => this.#menuOpens(event), { capture: true });
    scope.listen(document, "selectstart", (event) => this.#selectionStarts(event), { capture: true });
    scope.listen(document, "click", (event) => this.#clicked(event), { capture: true });
  }

  /**
   * @param {PointerEvent} event
   * @param {HTMLElement} list
   */
  #pressed({ pointerType, isPrimary, target, clientX: x, clientY: y }, list) {
    this.#cancel();
    this.#isHeld = false;
    if (pointerType === "mouse" || !isPrimary || !(target instanceof Element) || !list.contains(target)) return;
    const item = target.closest(".message[data-id]");
    if (!(item instanceof HTMLElement) || target.closest("a[href]") || hasSelection(list)) return;
    this.#press = { item, x, y, pointerType };
    this.#timer = setTimeout(() => this.#hold(), HOLD_MS);
  }

  /** @param {PointerEvent} event */
  #moved({ clientX, clientY }) {
    if (this.#press && Math.hypot(clientX - this.#press.x, clientY - this.#press.y) > STILL_PX) this.#cancel();
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#press = null;
  }

  #hold() {
    const { item } = /** @type {Press} */ (this.#press);
    this.#cancel();
    this.#isHeld = true;
    // The browser may already have selected the word under the finger.
    window.getSelection()?.removeAllRanges();
    this.#act(item);
  }

  #lifted() {
    this.#cancel();
    if (this.#isHeld) setTimeout(() => { this.#isHeld = false; }, LATE_CLICK_MS);
  }

  /**
   * Prevents the menu that the browser opens for a long press. The browser may detect the press first: the page then acts
   * at once. The menus of a mouse and of the keyboard still open.
   * @param {Event} event
   */
  #menuOpens(event) {
    if (!this.#press && !this.#isHeld) return;
    event.preventDefault();
    if (this.#press) this.#hold();
  }

  /** @param {Event} event */
  #selectionStarts(event) {
    // A pen selects text by dragging. This selection starts before the pen has moved far, so it is allowed.
    if (this.#isHeld || this.#press?.pointerType === "touch") event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

/**
 * Returns whether text of the list is selected. A long press then changes the selection.
 * @param {HTMLElement} list
 */
function hasSelection(list) {
  const selection = window.getSelection();
  return selection?.type === "Range" && selection.containsNode(list, true);
}
