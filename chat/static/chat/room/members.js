// @ts-check
// Lists the members of a room who are away, below the people who are here, and filters both lists.
// Must not list who is here: people.js does.

import { call } from "../connection/api.js";
import { byId } from "../ui/dom.js";
import { countPeople } from "../ui/format.js";
import { gettext, pgettext } from "../ui/translation.js";

const DELAY_MS = 200;

/** @typedef {{ handle: string, role: string, guest?: boolean }} Member */

/**
 * @typedef {object} Options
 * @property {string} slug
 * @property {import("./people.js").People} people
 * @property {import("../connection/directory.js").Directory} directory
 */

export class Members {
  /** @type {Options} */
  #options;
  /** @type {Map<string, Member>} */
  #known = new Map();
  /**
   * The people whom the server has found for the filter; null without a filter, and until the server answers.
   * @type {Member[] | null}
   */
  #found = null;
  #page = 0;
  #hasMore = false;
  #query = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #section = byId("away");
  #heading = byId("away-heading");
  #list = byId("away-list");
  #more = byId("away-more");
  #filter = byId("people-filter", HTMLInputElement);
  #status = byId("people-status");

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    const { people } = options;
    people.drawn = () => this.#draw();
    this.#more.addEventListener("click", () => this.#loadMore());
    this.#filter.addEventListener("input", () => this.#filterChanged());
    this.#filter.addEventListener("keydown", (event) => this.#keyPressed(event));
    // On a phone the list is behind a button, so it is loaded only when somebody looks at it.
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      watcher.disconnect();
      this.#loadMore();
    });
    watcher.observe(this.#filter);
  }

  /**
   * Takes the role of a person who may be away.
   * @param {Member} member
   */
  roleChanged(member) {
    if (this.#known.has(member.handle)) this.#known.set(member.handle, member);
    this.#draw();
  }

  /**
   * Takes people who have left the page of the room: they are away now.
   * @param {string[]} handles
   */
  left(handles) {
    for (const handle of handles) if (!this.#known.has(handle)) this.#known.set(handle, { handle, role: "" });
  }

  async #loadMore() {
    const isFirst = this.#page === 0;
    const answer = await this.#ask(`page=${this.#page}`);
    if (!answer) return;
    this.#page += 1;
    this.#hasMore = answer.more;
    for (const member of answer.people) this.#known.set(member.handle, member);
    this.#draw();
    // A hidden button loses the focus.
    if (!isFirst && this.#more.hidden) this.#filter.focus();
  }

  /**
   * Returns the answer, or null for an error: the list then stays as it is. Passes the profiles to the directory.
   * @param {string} query
   * @returns {Promise<{ people: (Member & import("../connection/directory.js").Profile)[], more: boolean } | null>}
   */
  async #ask(query) {
    const { slug, directory } = this.#options;
    const answer = await call("GET", `/api/rooms/${slug}/people/?${query}`).catch(() => null);
    if (answer) directory.take(answer.people);
    return answer;
  }

  #filterChanged() {
    this.#query = this.#filter.value.trim();
    this.#found = null;
    this.#options.people.filter(this.#query);
    clearTimeout(this.#timer);
    if (this.#query) this.#timer = setTimeout(() => this.#search(this.#query), DELAY_MS);
  }

  /** @param {string} query */
  async #search(query) {
    const answer = await this.#ask(`q=${encodeURIComponent(query)}`);
    if (query !== this.#query || !answer) return;
    this.#found = answer.people;
    this.#draw();
    this.#status.textContent = countPeople(this.#list.childElementCount + this.#options.people.shownCount);
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.key !== "Escape" || !this.#filter.value) return;
    // The first Escape empties the field, and the next one closes the panel.
    event.stopPropagation();
    this.#filter.value = "";
    this.#filterChanged();
  }

  #draw() {
    const { people } = this.#options;
    const here = new Set(people.handles);
    const all = this.#found ?? [...this.#known.values()];
    const away = all.filter(({ handle }) => !here.has(handle) && (this.#found !== null || people.matches(handle)));
    away.sort((a, b) => a.handle.localeCompare(b.handle));
    const focused = this.#list.contains(document.activeElement) ? document.activeElement?.closest("li")?.dataset.handle : undefined;
    this.#list.replaceChildren(...away.map(({ handle, role, guest }) => people.makeItem(handle, role, guest)));
    if (focused) /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-handle="${CSS.escape(focused)}"] button`))?.focus();
    this.#heading.textContent = people.isComplete ? pgettext("heading of a list of people", "Away") : gettext("Other members");
    this.#more.hidden = !this.#hasMore || this.#query !== "";
    this.#section.hidden = away.length === 0 && this.#more.hidden;
  }
}
