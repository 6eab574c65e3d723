// @ts-check
// The notice below the messages, which shows a sentence to the person for some seconds. Must not know who calls it.

import { byId } from "../ui/dom.js";

const SHOWN_MS = 6_000;
const PER_CHARACTER_MS = 70; // a person needs longer to read a long sentence

export class Notice {
  #element = byId("notice");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} sentence */
  show(sentence) {
    this.#element.textContent = sentence;
    this.#element.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), Math.max(SHOWN_MS, sentence.length * PER_CHARACTER_MS));
  }

  hide() {
    this.#element.hidden = true;
  }
}
