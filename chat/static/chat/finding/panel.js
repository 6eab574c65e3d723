// @ts-check
// What the side panel shows to find messages: search, pins, files, bookmarks, mentions, threads and reminders, one at a time.
// Must not know the workspace: the host provides what this module needs.

import { keyFromLeftToRight } from "../ui/direction.js";
import { make } from "../ui/dom.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";
import { FilesView } from "./files-view.js";
import { BookmarksView, MentionsView, PinsView } from "./message-lists.js";
import { RemindersView } from "./reminders-view.js";
import { SearchView } from "./search-view.js";
import { ThreadsView } from "./thread-list.js";

/**
 * @typedef {object} Host
 * @property {(title: string, element: HTMLElement, closed: () => void) => void} open shows the element in the panel; `closed` is
 *   called when the panel closes or shows something else
 * @property {() => void} left is called when the person has chosen a message; closes the panel if it covers the conversation
 * @property {() => { slug: string, name: string, timeline: EventTarget, threads: EventTarget } | null} room the room on the page, or null
 * @property {(slug: string) => string} nameOf returns the name of a room
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

/**
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {(query?: string) => void} show
 * @property {() => void} hide
 * @property {() => void} [threadsChanged] is called when a thread of the person has a new reply, or was read
 * @property {() => void} roomChanged is called when another room, or no room, is on the page
 */

/** @type {{ name: string, title: string, heading: string, sign: string, make: (host: Host) => View }[]} */
const VIEWS = [
  { name: "search", title: gettext("Search"), heading: gettext("Search messages"), sign: "search", make: (host) => new SearchView(host) },
  { name: "pins", title: gettext("Pinned"), heading: gettext("Pinned messages"), sign: "pin", make: (host) => new PinsView(host) },
  { name: "files", title: gettext("Files"), heading: gettext("Files of this room"), sign: "attach", make: (host) => new FilesView(host) },
  { name: "bookmarks", title: gettext("Bookmarks"), heading: gettext("Your bookmarks"), sign: "bookmark", make: (host) => new BookmarksView(host) },
  { name: "mentions", title: gettext("Mentions"), heading: gettext("Your mentions"), sign: "at", make: (host) => new MentionsView(host) },
  { name: "threads", title: gettext("Threads"), heading: gettext("Your threads"), sign: "thread", make: () => new ThreadsView() },
  { name: "reminders", title: gettext("Reminders"), heading: gettext("Your reminders"), sign: "later", make: () => new RemindersView() },
];

export class Panel {
  /** @type {Host} */
  #host;
  #body = make("div", { class: "panel-body", id: "panel-body", role: "tabpanel", tabindex: "-1" });
  #tabs = VIEWS.map(({ name, title, sign }) => make(
    "button",
    { type: "button", role: "tab", id: `panel-tab-${name}`, "data-view": name, "aria-controls": "panel-body", onclick: () => this.open(name) },
    icon(sign), make("span", { text: title }),
  ));
  #element = make("div", { class: "find" }, make("div", { class: "panel-tabs", role: "tablist", "aria-label": gettext("What to find") }, ...this.#tabs), this.#body);
  /** @type {Map<string, View>} */
  #views = new Map();
  /** @type {View | null} */
  #view = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.#element.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#body.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("a.result")) host.left();
    });
  }

  /**
   * @param {string} name of the view
   * @param {string} [query] a search with this query starts at once
   */
  open(name, query) {
    const wanted = VIEWS.find((view) => view.name === name) ?? VIEWS[0];
    const view = this.#views.get(wanted.name) ?? wanted.make(this.#host);
    this.#views.set(wanted.name, view);
    for (const tab of this.#tabs) {
      const isChosen = tab.dataset.view === wanted.name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      if (isChosen) this.#body.setAttribute("aria-labelledby", tab.id);
    }
    this.#body.replaceChildren(view.element);
    this.#host.open(wanted.heading, this.#element, () => this.#closed());
    // A narrow panel shows only some of the tabs.
    this.#tabs.find((tab) => tab.dataset.view === wanted.name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.#view = view;
    view.show(query);
  }

  /** Tells the shown view that another room is on the page. */
  roomChanged() {
    this.#view?.roomChanged();
  }

  /** Tells the shown view that a thread of the person has a new reply, or was read. */
  threadsChanged() {
    this.#view?.threadsChanged?.();
  }

  #closed() {
    this.#view?.hide();
    this.#view = null;
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const index = this.#tabs.findIndex((tab) => tab === event.target);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[keyFromLeftToRight(event.key, this.#element)];
    if (index < 0 || !step || event.isComposing) return;
    event.preventDefault();
    const tab = this.#tabs[(index + step + this.#tabs.length) % this.#tabs.length];
    this.open(tab.dataset.view ?? "");
    tab.focus();
  }
}
