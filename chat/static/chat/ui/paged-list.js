// A list out of the API that comes in pages: drawn, continued, drawn again. Must not know what it lists.

import { call } from "../connection/api.js";
import { Complaint } from "./forms.js";
import { make } from "./dom.js";

export class Listing {
  #path;
  #name;
  #draw;
  #page = 0;
  #list;
  #more = make("button", { type: "button", class: "button quiet small", text: "Show more", hidden: true });
  #empty;
  #emptySentence;
  #complaint = new Complaint();

  /** `path` answers {[name]: [...], more}; `draw(one)` makes a list item; `empty` is said where there is none. */
  constructor(path, name, { draw, empty, testId }) {
    this.#path = path;
    this.#name = name;
    this.#draw = draw;
    this.#list = make("ul", { class: "listing", "data-testid": testId, tabindex: "-1" });
    this.#emptySentence = empty;
    this.#empty = make("p", { class: "help", text: "One moment…" });
    this.#more.addEventListener("click", () => this.#load(this.#page + 1));
    this.element = make("div", {}, this.#list, this.#empty, this.#more, this.#complaint.element);
  }

  get length() {
    return this.#list.children.length;
  }

  /** Asks again from the beginning. */
  refresh() {
    return this.#load(0);
  }

  async #load(page) {
    const path = `${this.#path}${this.#path.includes("?") ? "&" : "?"}page=${page}`;
    const isAnswered = await this.#complaint.guard(async () => {
      const answer = await call("GET", path);
      this.#show(page, answer[this.#name], answer.more);
    });
    this.#empty.hidden = !isAnswered || this.length > 0;
  }

  #show(page, found, more) {
    this.#page = page;
    const items = found.map((one) => this.#draw(one));
    if (page === 0) this.#replace(items);
    else this.#list.append(...items);
    this.#more.hidden = !more;
    this.#empty.textContent = this.#emptySentence;
  }

  // Whoever is at an item by keyboard stays there, or comes to the one that took its place.
  #replace(items) {
    const index = [...this.#list.children].findIndex((item) => item.contains(document.activeElement));
    this.#list.replaceChildren(...items);
    if (index < 0) return;
    const next = items[Math.min(index, items.length - 1)];
    next?.setAttribute("tabindex", "-1");
    (next ?? this.#list).focus();
  }
}
