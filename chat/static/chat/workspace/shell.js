// @ts-check
// Shows one pane at a time beside the list of rooms, and changes the address, the history and the focus with the pane.
// Must not know what a pane shows.

import { closestTo } from "../ui/dom.js";
import { setPageName } from "../ui/page-title.js";
import { gettext } from "../ui/translation.js";

const ROOM_PATH = /^\/rooms\/([a-z0-9][a-z0-9-]*)\/$/;
const MESSAGE_HASH = /^#message-(\d+)$/;
const THREAD_HASH = /^#thread-(\d+)$/;
// A quick answer needs no sign of progress.
const SHOW_PROGRESS_AFTER_MS = 150;

/**
 * @typedef {object} Actions
 * @property {(path: string) => void} going is called at once when the person chooses another pane
 * @property {(pane: import("./panes.js").Pane) => void} shown is called when a pane is on the page
 * @property {(root: number | null) => void} showThread shows the thread of the address; null for an address without one
 * @property {(sentence: string) => void} announce says something to screen readers
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

/** @param {string} path */
function isPanePath(path) {
  return path === "/" || ROOM_PATH.test(path);
}

/** Returns whether the person writes on a real keyboard. On a phone the focus in a text field opens the keyboard. */
function hasKeyboard() {
  return window.matchMedia("(hover: hover) and (pointer: fine)").matches;
}

export class Shell {
  /** @type {HTMLElement} */
  #slot;
  /** @type {import("./panes.js").Panes} */
  #panes;
  /** @type {Actions} */
  #actions;
  /** @type {import("./panes.js").Pane} */
  #pane;
  /** Counts the changes of the pane. Only the last one may finish. */
  #changes = 0;

  /**
   * @param {HTMLElement} slot contains the pane
   * @param {import("./panes.js").Panes} panes
   * @param {Actions} actions
   */
  constructor(slot, panes, actions) {
    this.#slot = slot;
    this.#panes = panes;
    this.#actions = actions;
    this.#pane = panes.first(slot);
  }

  /** The pane on the page. */
  get pane() {
    return this.#pane;
  }

  /** Starts the pane that the page had when it was loaded, and takes over the links to other panes. */
  start() {
    this.#pane.start();
    this.#actions.shown(this.#pane);
    this.#jump(location.hash);
    document.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("popstate", () => this.#moved());
  }

  /**
   * Shows the pane at an address of this site. Without `push` the address bar already shows the address.
   * @param {string} address
   * @param {{ push?: boolean }} [options]
   */
  async go(address, { push = true } = {}) {
    const url = new URL(address, location.href);
    if (!isPanePath(url.pathname) || url.search) {
      location.assign(url);
      return;
    }
    this.#changes += 1;
    const change = this.#changes;
    this.#actions.going(url.pathname);
    if (url.pathname !== this.#pane.path) {
      const pane = this.#panes.take(url.pathname) ?? (await this.#fetch(url));
      // The person has chosen another pane meanwhile, or the page loads the address.
      if (change !== this.#changes || !pane) return;
      if (push) history.pushState(null, "", url);
      this.#show(pane);
    } else if (push && url.href !== location.href) {
      history.pushState(null, "", url);
    }
    this.#jump(url.hash);
  }

  /**
   * Closes and forgets a pane that is not on the page.
   * @param {string} path
   */
  drop(path) {
    this.#panes.drop(path);
  }

  /** Moves the focus to the field to write in. On a phone, or if nobody can write in the pane, moves it to the heading. */
  focus() {
    const { conversation, heading } = this.#pane;
    if (conversation && hasKeyboard() && conversation.composer.isEnabled) conversation.composer.focus();
    else heading.focus({ preventScroll: true });
  }

  /** @param {URL} url */
  async #fetch(url) {
    const timer = setTimeout(() => this.#slot.setAttribute("aria-busy", "true"), SHOW_PROGRESS_AFTER_MS);
    const change = this.#changes;
    try {
      const pane = await this.#panes.fetch(url.pathname);
      if (!pane && change === this.#changes) location.assign(url);
      return pane;
    } catch {
      // Without a connection the browser would replace the page, and with it unsent text, by its own error page.
      if (change === this.#changes) this.#stay();
      return null;
    } finally {
      clearTimeout(timer);
      this.#slot.removeAttribute("aria-busy");
    }
  }

  /** Keeps the current pane, because another one could not be loaded. */
  #stay() {
    const { path } = this.#pane;
    this.#actions.going(path);
    this.#actions.notify(gettext("The page could not load this room. Check your connection and try again."));
    // The browser's back button has changed the address already.
    if (location.pathname !== path) history.pushState(null, "", path);
  }

  /** @param {import("./panes.js").Pane} pane */
  #show(pane) {
    for (const dialog of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
    const old = this.#pane;
    old.suspend();
    this.#slot.replaceChildren(pane.element);
    this.#pane = pane;
    this.#panes.keep(old);
    setPageName(pane.title);
    pane.start();
    this.#actions.shown(pane);
    this.focus();
    this.#actions.announce(pane.heading.textContent?.trim() ?? "");
  }

  /** @param {string} hash */
  #jump(hash) {
    const id = Number(MESSAGE_HASH.exec(hash)?.[1] ?? 0);
    if (id) this.#pane.conversation?.jump(id);
    else this.#actions.showThread(Number(THREAD_HASH.exec(hash)?.[1] ?? 0) || null);
  }

  /** Shows the pane of the address, after the person has used the browser's back or forward button. */
  #moved() {
    if (isPanePath(location.pathname)) this.go(location.href, { push: false });
    else location.reload();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const link = closestTo(event, "a[href]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!(link instanceof HTMLAnchorElement) || !isPlain || event.defaultPrevented || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    // Links in messages open a new tab, but a link to a place in this chat stays here.
    const isHere = url.origin === location.origin && isPanePath(url.pathname) && !url.search;
    if (!isHere || link.dataset.reload !== undefined) return;
    event.preventDefault();
    this.go(url.href);
  }
}
