// @ts-check
// Shows a list of messages that the server returns in pages: with "Show more", and the states loading, empty and failed.
// Must not know where the messages come from.

import { asApiError } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { smallButton } from "../ui/forms.js";
import { personName } from "../ui/format.js";
import { avatar } from "../ui/pictures.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, ngettext } from "../ui/translation.js";

/**
 * @typedef {object} Result
 * @property {string} slug
 * @property {string} roomName
 * @property {number} id
 * @property {import("../connection/wire.js").PersonName} author
 * @property {string} at ISO 8601, UTC
 * @property {string} text
 * @property {string} [snippet] HTML of the server with <mark> around the hits; only its text and its marks are used
 * @property {string} [address] where the result leads; without it, to the message
 * @property {boolean} [isNew] whether the person has not read it
 * @property {string} [note] is shown below the text
 * @property {HTMLElement} [tool] a button beside the message
 */

/** @typedef {{ results: Result[], next: any }} Page `next` is null for the last page */

const LONGEST_TEXT = 300;

/**
 * Returns the note below a message that is a reply in a thread; undefined for another message.
 * @param {Pick<import("../connection/wire.js").Message, "id" | "thread">} message
 */
export function noteOfReply({ id, thread }) {
  return thread && thread.root !== id ? gettext("In a thread") : undefined;
}

export class Results {
  #list = make("ol", { class: "results" });
  #note = make("p", { class: "results-note", role: "status" });
  #failure = make("div", { class: "results-failure", role: "alert", hidden: true });
  #more = smallButton("more", gettext("Show more"), () => this.#load(this.#next));
  /** @type {(next: any, signal: AbortSignal) => Promise<Page>} */
  #fetch;
  /** @type {string} */
  #empty;
  /** @type {boolean} */
  #isCounted;
  /** @type {any} */
  #next = null;
  #loads = new AbortController();

  /**
   * @param {(next: any, signal: AbortSignal) => Promise<Page>} fetch fetches a page; `next` is null for the first
   * @param {object} options
   * @param {string} options.label names the list
   * @param {string} options.empty the sentence for an empty list
   * @param {boolean} [options.isCounted] whether the number of results is shown
   */
  constructor(fetch, { label, empty, isCounted = false }) {
    this.#fetch = fetch;
    this.#empty = empty;
    this.#isCounted = isCounted;
    this.#list.setAttribute("aria-label", label);
    this.#more.hidden = true;
    this.element = make("div", { class: "results-part" }, this.#note, this.#list, this.#failure, this.#more);
    this.#list.addEventListener("keydown", (event) => this.#keyPressed(event));
  }

  /** Loads the list from its beginning. */
  async load() {
    await this.#load(null);
  }

  /**
   * Empties the list, and shows a sentence.
   * @param {string} sentence
   */
  clear(sentence) {
    this.#loads.abort();
    this.#list.removeAttribute("aria-busy");
    this.#list.replaceChildren();
    this.#more.hidden = true;
    this.#failure.hidden = true;
    this.#note.textContent = sentence;
  }

  /** Moves the focus to the first result. Returns whether there is one. */
  focus() {
    const first = this.#links[0];
    first?.focus();
    return first !== undefined;
  }

  get #links() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("a.result")]);
  }

  /** @param {any} next */
  async #load(next) {
    this.#loads.abort();
    this.#loads = new AbortController();
    const { signal } = this.#loads;
    if (next === null && !this.#list.children.length) this.#note.textContent = gettext("Loading…");
    this.#list.setAttribute("aria-busy", "true");
    try {
      const page = await this.#fetch(next, signal);
      if (!signal.aborted) this.#show(page, next === null);
    } catch (error) {
      if (!signal.aborted) this.#fail(asApiError(error).message, next);
    }
    if (!signal.aborted) this.#list.removeAttribute("aria-busy");
  }

  /**
   * @param {Page} page
   * @param {boolean} isFirst
   */
  #show({ results, next }, isFirst) {
    const hadFocus = this.#more === document.activeElement;
    const items = results.map(makeItem);
    if (isFirst) this.#list.replaceChildren(...items);
    else this.#list.append(...items);
    this.#next = next;
    this.#more.hidden = next === null;
    this.#failure.hidden = true;
    const { length } = this.#list.children;
    this.#note.textContent = length ? this.#countInWords(length) : this.#empty;
    if (hadFocus) /** @type {HTMLElement | null} */ (items[0]?.querySelector("a"))?.focus();
  }

  /** @param {number} count how many results are on the page */
  #countInWords(count) {
    if (!this.#isCounted) return "";
    return this.#next === null
      ? ngettext("%(count)s message", "%(count)s messages", count)
      : ngettext("%(count)s message, and more", "%(count)s messages, and more", count);
  }

  /**
   * @param {string} sentence
   * @param {any} next
   */
  #fail(sentence, next) {
    if (next === null) this.#list.replaceChildren();
    this.#more.hidden = true;
    this.#note.textContent = "";
    this.#failure.replaceChildren(make("p", { text: sentence }), smallButton("retry", gettext("Try again"), () => this.#load(next)));
    this.#failure.hidden = false;
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const links = this.#links;
    const index = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const targets = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: links.length - 1 };
    const next = index < 0 ? undefined : links[targets[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** @param {Result} result */
function makeItem({ slug, roomName, id, author, at, text, snippet, note, tool, isNew, address = `/rooms/${slug}/#message-${id}` }) {
  return make(
    "li", {},
    make(
      "a", { class: isNew ? "result new" : "result", href: address },
      make(
        "span", { class: "result-head" },
        avatar(author.handle),
        make("b", { dir: "auto", text: personName(author) }),
        make("span", { class: "result-room" }, ...fillSentence(gettext("in %(room)s"), { room: make("bdi", { text: roomName }) })),
        timeInWords(at, "short"),
      ),
      makeText(text, snippet),
      note ? make("span", { class: "result-note", text: note }) : null,
    ),
    tool,
  );
}

/**
 * @param {string} text
 * @param {string | undefined} snippet
 */
function makeText(text, snippet) {
  const element = make("span", { class: "result-text", dir: "auto" });
  if (snippet === undefined) {
    const short = text.replace(/\s+/g, " ").trim();
    element.textContent = short.length > LONGEST_TEXT ? `${short.slice(0, LONGEST_TEXT)}…` : short;
    return element;
  }
  // Only text and marks are taken from the HTML.
  const { body } = new DOMParser().parseFromString(snippet, "text/html");
  for (const node of body.childNodes) {
    const isMark = node instanceof Element && node.localName === "mark";
    element.append(isMark ? make("mark", { text: node.textContent }) : (node.textContent ?? ""));
  }
  return element;
}
