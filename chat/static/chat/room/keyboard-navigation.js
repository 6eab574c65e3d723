// @ts-check
// Moves the keyboard's focus through the messages, and performs the action of a pressed key on the focused message.
// Must not draw, and must not know the rights of a person.
//
// Exactly one message is a stop of the Tab key: the message that had the focus, or else the newest visible message.
// The links and buttons of a message are stops only while the focus is in this message.

import { setReachable } from "./message.js";
import { emojiOfKey } from "./message-choices.js";

// A part of the last screen stays visible after Page Up and Page Down.
const PAGE_SHARE = 0.85;
const MESSAGE = ".message[data-id]";
/** @type {Record<string, import("./message-choices.js").Action | "more">} */
const ACTION_KEYS = {
  "+": "emoji", r: "reply", t: "thread", e: "edit", c: "copy", l: "link", b: "bookmark", i: "pin", h: "history", p: "profile", m: "moderate", "!": "report",
  n: "remind", Delete: "remove", Enter: "more", ContextMenu: "more",
};

/**
 * @typedef {object} Actions
 * @property {import("./message-choices.js").Act} act
 * @property {() => void} leave moves the focus out of the list
 * @property {() => void} showNewest scrolls to the newest message, which may not be loaded
 * @property {() => void} showOldest scrolls to the oldest loaded message
 */

export class KeyboardNavigation {
  /** @type {HTMLElement} */
  #scroller;
  /** @type {HTMLElement} */
  #list;
  /** @type {Actions} */
  #actions;
  /**
   * The message that the Tab key reaches.
   * @type {HTMLElement | null}
   */
  #stop = null;
  /**
   * The id of the message with the focus, also while the page draws this message again; Infinity after the key End.
   * @type {number | null}
   */
  #focusedId = null;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} list the list of messages
   * @param {Actions} actions
   * @param {import("../ui/scope.js").Scope} scope
   */
  constructor(scroller, list, actions, scope) {
    this.#scroller = scroller;
    this.#list = list;
    this.#actions = actions;
    list.addEventListener("focusin", ({ target }) => this.#focused(target));
    list.addEventListener("focusout", () => setTimeout(() => this.#blurred()));
    list.addEventListener("keydown", (event) => this.#keyPressed(event));
    scope.listen(document, "keydown", ({ key }) => { if (key === "Tab") this.#chooseStop(); }, { capture: true });
    new MutationObserver(() => this.#messagesChanged()).observe(list, { childList: true });
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const item = messageAround(target);
    if (!item) return;
    if (item !== this.#stop && this.#stop) setReachable(this.#stop, false);
    this.#setStop(item);
    this.#focusedId = idOf(item);
    setReachable(item, true);
  }

  #blurred() {
    const isLost = !document.activeElement || document.activeElement === document.body;
    // When the page removes the focused message, the person has not moved the focus. The focus then stays in the list.
    if (this.#list.contains(document.activeElement) || (isLost && !this.#stop?.isConnected)) return;
    this.#focusedId = null;
    if (this.#stop) setReachable(this.#stop, false);
  }

  /** @param {HTMLElement} item */
  #setStop(item) {
    if (item === this.#stop) return;
    this.#stop?.setAttribute("tabindex", "-1");
    item.setAttribute("tabindex", "0");
    this.#stop = item;
  }

  /** Chooses the message that the next Tab key can reach. */
  #chooseStop() {
    if (this.#list.contains(document.activeElement)) return;
    const stop = this.#stop?.isConnected && this.#isVisible(this.#stop) ? this.#stop : this.#lastVisible();
    if (stop) this.#setStop(stop);
  }

  /** @param {HTMLElement} item */
  #isVisible(item) {
    const { top, bottom } = item.getBoundingClientRect();
    const frame = this.#scroller.getBoundingClientRect();
    return bottom > frame.top && top < frame.bottom;
  }

  #lastVisible() {
    const newest = this.#edge("last");
    for (let item = newest; item; item = neighbour(item, "previous")) if (this.#isVisible(item)) return item;
    return newest;
  }

  /**
   * Returns the first or the last message.
   * @param {"first" | "last"} side
   */
  #edge(side) {
    const item = side === "first" ? this.#list.firstElementChild : this.#list.lastElementChild;
    if (!(item instanceof HTMLElement)) return null;
    return item.matches(MESSAGE) ? item : neighbour(item, side === "first" ? "next" : "previous");
  }

  /** Keeps the focus and the stop when messages were removed or drawn again. */
  #messagesChanged() {
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (this.#focusedId !== null && isLost && !this.#stop?.isConnected) {
      this.#nearest(this.#focusedId)?.focus({ preventScroll: true });
    }
    if (this.#focusedId !== null) return;
    const newest = this.#edge("last");
    if (newest) this.#setStop(newest);
  }

  /**
   * Returns the message with this id, or else the next newer one, or else the newest.
   * @param {number} id
   */
  #nearest(id) {
    const newest = this.#edge("last");
    let found = newest;
    for (let item = newest; item && idOf(item) >= id; item = neighbour(item, "previous")) found = item;
    return found;
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const item = messageAround(event.target);
    const next = this.#targetOf(event.key, item);
    if (next) {
      event.preventDefault();
      this.#moveTo(next, event.key);
    } else if (event.key === "Escape") {
      if (item && event.target !== item) item.focus();
      else this.#actions.leave();
    } else if (item && event.target === item) {
      this.#act(event, item);
    }
  }

  /**
   * Returns the message to which a key moves the focus, or null.
   * @param {string} key
   * @param {HTMLElement | null} item the message with the focus; null while the list itself has the focus
   */
  #targetOf(key, item) {
    if (key === "Home") return this.#edge("first");
    if (key === "End") return this.#edge("last");
    const isUp = key === "ArrowUp" || key === "PageUp";
    if (!isUp && key !== "ArrowDown" && key !== "PageDown") return null;
    if (!item) return this.#lastVisible();
    const direction = isUp ? "previous" : "next";
    const next = key.startsWith("Page") ? this.#pageFrom(item, direction) : neighbour(item, direction);
    // At either end of the list the key does nothing, so that it does not scroll the focused message away.
    return next ?? item;
  }

  /**
   * Returns the message that is about one screen away.
   * @param {HTMLElement} item
   * @param {"previous" | "next"} direction
   */
  #pageFrom(item, direction) {
    const reach = this.#scroller.clientHeight * PAGE_SHARE;
    const { top } = item.getBoundingClientRect();
    let found = neighbour(item, direction);
    for (let next = found; next; next = neighbour(next, direction)) {
      if (Math.abs(next.getBoundingClientRect().top - top) > reach) break;
      found = next;
    }
    return found;
  }

  /**
   * @param {HTMLElement} item
   * @param {string} key
   */
  #moveTo(item, key) {
    item.focus({ preventScroll: true });
    if (key === "End") {
      this.#actions.showNewest();
      this.#edge("last")?.focus({ preventScroll: true });
      // If the page loads the newest messages, the focus goes to the last of them.
      this.#focusedId = Infinity;
    } else if (key === "Home") {
      this.#actions.showOldest();
      this.#edge("first")?.focus({ preventScroll: true });
    } else {
      item.scrollIntoView({ block: "nearest" });
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} item
   */
  #act(event, item) {
    const emoji = emojiOfKey(event.key);
    const action = emoji ? "react" : ACTION_KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || event.repeat) return;
    event.preventDefault();
    this.#actions.act(action, idOf(item), emoji);
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
function messageAround(target) {
  return target instanceof Element ? target.closest(MESSAGE) : null;
}

/**
 * Returns the message before or after an item. The list may contain other items too.
 * @param {HTMLElement} item
 * @param {"previous" | "next"} direction
 * @returns {HTMLElement | null}
 */
function neighbour(item, direction) {
  /** @type {Element | null} */
  let next = item;
  do next = direction === "previous" ? next.previousElementSibling : next.nextElementSibling;
  while (next && !next.matches(MESSAGE));
  return /** @type {HTMLElement | null} */ (next);
}

/** @param {HTMLElement} item */
function idOf(item) {
  return Number(item.dataset.id);
}
