// @ts-check
// What a person has chosen in the picker: the most recent emoji, and the skin tone. The browser keeps both for this person.
// Must not draw.

import { TONES } from "./catalogue.js";

const RECENT = "chat.emoji.recent";
const TONE = "chat.emoji.tone";
const MOST_RECENT = 24;

/** @typedef {import("../connection/storage.js").KeyValueStorage} KeyValueStorage */

export class EmojiChoices {
  /** @type {KeyValueStorage} */
  #storage;

  /** @param {KeyValueStorage} storage the person's own, which all tabs share */
  constructor(storage) {
    this.#storage = storage;
  }

  /** The emoji that the person has chosen last, the newest first. */
  get recent() {
    return (this.#storage.getItem(RECENT) ?? "").split(" ").filter(Boolean);
  }

  /** @param {string} emoji */
  add(emoji) {
    const others = this.recent.filter((other) => other !== emoji);
    this.#storage.setItem(RECENT, [emoji, ...others].slice(0, MOST_RECENT).join(" "));
  }

  /** One of TONES. */
  get tone() {
    const stored = this.#storage.getItem(TONE) ?? "";
    return TONES.includes(stored) ? stored : "";
  }

  set tone(tone) {
    if (tone) this.#storage.setItem(TONE, tone);
    else this.#storage.removeItem(TONE);
  }
}
