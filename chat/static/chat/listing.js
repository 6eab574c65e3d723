// A list out of the API that comes in pages: drawn, continued, drawn again. Must not know what it lists.

import { call } from "./api.js";
import { make } from "./page.js";

export class Listing {
  #path;
  #name;
  #draw;
  #page = 0;
  #list;
  #more = make("button", { type: "button", class: "button quiet small", text: "Show more", hidden: true });
  #empty;
  #error = make("p", { class: "errors", role: "alert", hidden: true });

  /** `path` answers {[name]: [...], more}; `draw(one)` makes a list item; `empty` is said where there is none. */
  constructor(path, name, { draw, empty, testId }) {
    this.#path = path;
    this.#name = name;
    this.#draw = draw;
    this.#list = make("ul", { class: "listing", "data-testid": testId });
    this.#empty = make("p", { class: "help", text: empty, hidden: true });
    this.#more.addEventListener("click", () => this.#load(this.#page + 1));
    this.element = make("div", {}, this.#list, this.#empty, this.#more, this.#error);
  }

  get length() {
    return this.#list.children.length;
  }

  /** Asks again from the beginning. */
  refresh() {
    return this.#load(0);
  }

  async #load(page) {
    try {
      const answer = await call("GET", `${this.#path}${this.#path.includes("?") ? "&" : "?"}page=${page}`);
      this.#error.hidden = true;
      this.#show(page, answer[this.#name], answer.more);
    } catch (refusal) {
      this.#error.textContent = refusal.message;
      this.#error.hidden = false;
    }
  }

  #show(page, found, more) {
    this.#page = page;
    const items = found.map((one) => this.#draw(one));
    if (page === 0) this.#list.replaceChildren(...items);
    else this.#list.append(...items);
    this.#more.hidden = !more;
    this.#empty.hidden = this.length > 0;
  }
}
