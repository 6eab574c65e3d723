// @ts-check
// A list that the API returns in pages: draws it, loads further pages, and refreshes it. Must not know what it lists.

import { call } from "../connection/api.js";
import { make } from "./dom.js";
import { ErrorLine } from "./forms.js";
import { gettext } from "./translation.js";

export class PagedList {
  /** @type {string} */
  #path;
  /** @type {string} */
  #field;
  /** @type {(entry: any) => HTMLElement} */
  #draw;
  /** @type {string} */
  #emptySentence;
  #page = 0;
  /** @type {HTMLUListElement} */
  #list;
  #more = make("button", { type: "button", class: "button quiet small", text: gettext("Show more"), hidden: true });
  #note = make("p", { class: "help", text: gettext("Loading…") });
  #error = new ErrorLine();

  /**
   * @param {string} path the address of the API, which answers {[field]: [entry, ...], more}
   * @param {string} field
   * @param {object} options
   * @param {(entry: any) => HTMLElement} options.draw makes the list item of an entry
   * @param {string} options.empty the sentence for an empty list
   * @param {string} options.id
   */
  constructor(path, field, { draw, empty, id }) {
    this.#path = path;
    this.#field = field;
    this.#draw = draw;
    this.#emptySentence = empty;
    this.#list = make("ul", { class: "listing", id, tabindex: "-1" });
    this.#more.addEventListener("click", () => this.#load(this.#page + 1));
    this.element = make("div", {}, this.#list, this.#note, this.#more, this.#error.element);
  }

  /** Loads the list again from its beginning. */
  refresh() {
    return this.#load(0);
  }

  /** @param {number} page from 0 */
  async #load(page) {
    const path = `${this.#path}${this.#path.includes("?") ? "&" : "?"}page=${page}`;
    const isLoaded = await this.#error.guard(async () => {
      const answer = await call("GET", path);
      this.#show(page, answer[this.#field], answer.more);
    });
    this.#note.hidden = !isLoaded || this.#list.children.length > 0;
  }

  /**
   * @param {number} page
   * @param {any[]} entries
   * @param {boolean} more
   */
  #show(page, entries, more) {
    this.#page = page;
    const items = entries.map((entry) => this.#draw(entry));
    if (page === 0) this.#replaceItems(items);
    else this.#list.append(...items);
    this.#more.hidden = !more;
    this.#note.textContent = this.#emptySentence;
  }

  /**
   * Replaces the items. If an old item has the keyboard's focus, the new item at its position gets the focus.
   * @param {HTMLElement[]} items
   */
  #replaceItems(items) {
    const index = [...this.#list.children].findIndex((item) => item.contains(document.activeElement));
    this.#list.replaceChildren(...items);
    if (index < 0) return;
    const next = items[Math.min(index, items.length - 1)];
    next?.setAttribute("tabindex", "-1");
    (next ?? this.#list).focus();
  }
}
