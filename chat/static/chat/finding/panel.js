// @ts-check
// The panel on the right side of the workspace: search, pins, bookmarks and mentions, one at a time.
// Must not know the workspace: the host tells what the panel needs.

import { make } from "../ui/dom.js";
import { icon } from "../ui/pictures.js";
import { BookmarksView, MentionsView, PinsView } from "./message-lists.js";
import { SearchView } from "./search-view.js";

/**
 * @typedef {object} Host
 * @property {HTMLElement} element gets the panel, and the class `with-panel` while the panel is open
 * @property {() => { slug: string, name: string, timeline: EventTarget } | null} room the room on the page, or null
 * @property {(slug: string) => string} nameOf returns the name of a room
 * @property {(sentence: string) => void} notify shows a sentence to the person
 * @property {() => void} focus moves the focus into the panel
 * @property {() => void} leave moves the focus back to the conversation
 */

/**
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {(query?: string) => void} show
 * @property {() => void} hide
 * @property {() => void} roomChanged is called when another room is on the page
 */

/** @type {{ name: string, title: string, sign: string, make: (host: Host) => View }[]} */
const VIEWS = [
  { name: "search", title: "Search", sign: "search", make: (host) => new SearchView(host) },
  { name: "pins", title: "Pinned", sign: "pin", make: (host) => new PinsView(host) },
  { name: "bookmarks", title: "Bookmarks", sign: "bookmark", make: (host) => new BookmarksView(host) },
  { name: "mentions", title: "Mentions", sign: "at", make: (host) => new MentionsView(host) },
];
// As in workspace.css: below this width the panel covers the conversation.
const covering = window.matchMedia("(width <= 1020px)");

export class Panel {
  /** @type {Host} */
  #host;
  #body = make("div", { class: "panel-body", id: "panel-body", role: "tabpanel", tabindex: "-1" });
  #tabs = VIEWS.map(({ name, title, sign }) => make(
    "button",
    { type: "button", role: "tab", id: `panel-tab-${name}`, "data-view": name, "aria-controls": "panel-body", onclick: () => this.open(name) },
    icon(sign), make("span", { text: title }),
  ));
  #element;
  /** @type {Map<string, View>} */
  #views = new Map();
  /** @type {View | null} */
  #view = null;
  /** @type {Element | null} */
  #opener = null;

  /** @param {Omit<Host, "focus">} host */
  constructor(host) {
    this.#host = { ...host, focus: () => this.#body.focus() };
    const close = make("button", { type: "button", class: "icon-button panel-close", "data-testid": "panel-close", "aria-label": "Close", title: "Close", text: "✕", onclick: () => this.close() });
    this.#element = make(
      "aside", { id: "panel", class: "panel", "data-testid": "panel", "aria-label": "Find messages", hidden: true },
      make("header", {}, make("div", { class: "panel-tabs", role: "tablist", "aria-label": "What to find" }, ...this.#tabs), close),
      this.#body,
    );
    host.element.append(this.#element);
    this.#element.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#body.addEventListener("click", ({ target }) => {
      if (covering.matches && target instanceof Element && target.closest("a.result")) this.close({ isLeft: true });
    });
  }

  get isOpen() {
    return !this.#element.hidden;
  }

  /**
   * @param {string} name of the view
   * @param {string} [query] what is searched at once
   */
  open(name, query) {
    const wanted = VIEWS.find((view) => view.name === name) ?? VIEWS[0];
    if (!this.isOpen) this.#opener = document.activeElement;
    this.#view?.hide();
    const view = this.#views.get(wanted.name) ?? wanted.make(this.#host);
    this.#views.set(wanted.name, view);
    this.#view = view;
    for (const tab of this.#tabs) {
      const isChosen = tab.dataset.view === wanted.name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      if (isChosen) this.#body.setAttribute("aria-labelledby", tab.id);
    }
    this.#body.replaceChildren(view.element);
    this.#element.hidden = false;
    this.#host.element.classList.add("with-panel");
    this.#tabs.find((tab) => tab.tabIndex === 0)?.focus();
    view.show(query);
  }

  /** @param {{ isLeft?: boolean }} [options] isLeft: the person has already gone elsewhere */
  close({ isLeft = false } = {}) {
    if (!this.isOpen) return;
    const hadFocus = this.#element.contains(document.activeElement);
    this.#view?.hide();
    this.#element.hidden = true;
    this.#host.element.classList.remove("with-panel");
    if (!hadFocus || isLeft) return;
    if (this.#opener instanceof HTMLElement && this.#opener.isConnected && this.#opener.checkVisibility()) this.#opener.focus();
    else this.#host.leave();
  }

  /** Another room is on the page. */
  roomChanged() {
    if (this.isOpen) this.#view?.roomChanged();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.isComposing) return;
    const index = this.#tabs.findIndex((tab) => tab === event.target);
    const isRightToLeft = getComputedStyle(this.#element).direction === "rtl";
    const step = { ArrowRight: isRightToLeft ? -1 : 1, ArrowLeft: isRightToLeft ? 1 : -1 }[event.key];
    if (event.key === "Escape") {
      this.close();
    } else if (index >= 0 && step) {
      const tab = this.#tabs[(index + step + this.#tabs.length) % this.#tabs.length];
      this.open(tab.dataset.view ?? "");
      tab.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
