// @ts-check
// The view of the panel that searches messages. Must not open a message: the results are links.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { isolate, timeZone } from "../ui/format.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";
import { noteOfReply, Results } from "./results.js";
import { isSearchable, OPERATORS, searchAddress, withOperator } from "./query.js";

const DELAY_MS = 300;
const HINT = gettext("Type what you are looking for. The newest messages come first.");

export class SearchView {
  /** @type {import("./panel.js").Host} */
  #host;
  #input = make("input", {
    type: "search", id: "search-messages", maxlength: 200, enterkeyhint: "search", autocomplete: "off", spellcheck: "false", dir: "auto",
    "aria-label": gettext("Search messages"), "aria-describedby": "search-operators", placeholder: gettext("Search messages"),
  });
  #here = make("input", { type: "checkbox", id: "search-here" });
  #hereLabel = make("label", { for: "search-here", text: gettext("Only in this room") });
  #form;
  #results;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #searched = "";

  /** @param {import("./panel.js").Host} host */
  constructor(host) {
    this.#host = host;
    this.#results = new Results((next) => this.#fetch(next ?? 0), { label: gettext("Found messages"), empty: gettext("No message matches. Try fewer or other words."), isCounted: true });
    this.#results.clear(HINT);
    this.#form = make(
      "form", { class: "panel-search", role: "search" },
      make("div", { class: "panel-field" }, icon("search"), this.#input),
      make("div", { class: "panel-choice" }, this.#here, this.#hereLabel),
      this.#makeHelp(),
    );
    this.element = make("div", { class: "panel-view" }, this.#form, this.#results.element);
    this.#input.addEventListener("input", () => this.#typed());
    this.#here.addEventListener("change", () => this.#search());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && !event.isComposing && this.#results.focus()) event.preventDefault();
    });
  }

  /** @param {string} [query] a search with this query starts at once */
  show(query) {
    this.roomChanged();
    if (query) {
      this.#input.value = query;
      this.#search();
    }
    this.#input.focus();
    this.#input.select();
  }

  hide() {
    clearTimeout(this.#timer);
  }

  roomChanged() {
    const room = this.#host.room();
    this.#here.disabled = room === null;
    this.#hereLabel.textContent = room ? gettext("Only in %(room)s", { room: isolate(room.name) }) : gettext("Only in this room");
    if (this.#here.checked && room && this.#searched && this.#searched !== this.#key) this.#search();
  }

  get #key() {
    return `${this.#here.checked ? this.#host.room()?.slug : ""} ${this.#input.value.trim()}`;
  }

  #typed() {
    clearTimeout(this.#timer);
    if (!this.#input.value.trim()) this.#clear();
    else if (isSearchable(this.#input.value)) this.#timer = setTimeout(() => this.#search(), DELAY_MS);
  }

  #clear() {
    this.#searched = "";
    this.#results.clear(HINT);
  }

  #search() {
    clearTimeout(this.#timer);
    if (!this.#input.value.trim()) {
      this.#clear();
      return;
    }
    this.#searched = this.#key;
    this.#results.load();
  }

  /** @param {number} page */
  async #fetch(page) {
    const room = this.#here.checked ? (this.#host.room()?.slug ?? null) : null;
    const { results, more } = await call("GET", searchAddress(this.#input.value, { page, deviceZone: timeZone(), room }));
    return {
      results: results.map((/** @type {any} */ { room: place, message, snippet }) => ({
        slug: place.slug, roomName: place.name, id: message.id, author: message.author, at: message.at, text: message.body, snippet, note: noteOfReply(message),
      })),
      next: more ? page + 1 : null,
    };
  }

  #makeHelp() {
    const add = (/** @type {string} */ operator) => {
      this.#input.value = withOperator(this.#input.value, operator);
      this.#input.focus();
      const { length } = this.#input.value;
      const caret = operator === OPERATORS[0].operator ? length - 1 : length;
      this.#input.setSelectionRange(caret, caret);
      if (operator === "has:link") this.#search();
    };
    const rows = OPERATORS.map(({ operator, example, meaning }) => make(
      "li", {},
      make("button", { type: "button", class: "operator", dir: "ltr", onclick: () => add(operator), text: example }),
      make("span", { text: meaning }),
    ));
    return make("details", { class: "panel-help", id: "search-operators" }, make("summary", { text: gettext("How to narrow the search") }), make("ul", {}, ...rows));
  }
}
