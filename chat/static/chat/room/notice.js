// @ts-check
// The notice below the messages, which shows a sentence to the person for some seconds. Must not know who calls it.

import { byId } from "../ui/dom.js";

const SHOWN_MS = 6_000;
const PER_CHARACTER_MS = 70; // a person needs longer to read a long sentence
// As in workspace.css: below this width the panel covers the conversation.
const covering = window.matchMedia("(width <= 1100px)");

export class Notice {
  #own = byId("notice");
  /** @type {HTMLElement | null} */
  #inPanel = null;
  #element = this.#own;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * Shows the next sentences in an element of the panel, if the panel covers the conversation.
   * @param {HTMLElement | null} element null: the panel is closed, or shows something else
   */
  showInPanel(element) {
    this.#inPanel = element;
  }

  /** @param {string} sentence */
  show(sentence) {
    this.hide();
    this.#element = this.#inPanel && covering.matches ? this.#inPanel : this.#own;
    this.#element.textContent = sentence;
    this.#element.hidden = false;
    this.#timer = setTimeout(() => this.hide(), Math.max(SHOWN_MS, sentence.length * PER_CHARACTER_MS));
  }

  hide() {
    clearTimeout(this.#timer);
    this.#element.hidden = true;
  }
}
