// @ts-check
// The buttons beside the field in which a person writes: emoji, formatting, a message for later. In a narrow window, one
// button opens a menu with the last two.
// Must not send, and must not know the text: the composer does.

import { byId } from "../ui/dom.js";
import { openPopupMenu } from "../ui/popup-menu.js";
import { openEmojiPicker } from "./late-emoji.js";
import { Preview } from "./preview.js";

/**
 * @typedef {object} Parts
 * @property {import("./composer.js").Composer} composer
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 * @property {(() => void) | null} sendLater opens the dialog for a scheduled message; null where there are none
 * @property {string | null} slug the room that renders previews; null where there are none
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

export class ComposerTools {
  /** @type {Parts} */
  #parts;
  /** @type {Preview | null} */
  #preview = null;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { composer, slug, sendLater } = parts;
    if (slug !== null) this.#preview = new Preview(slug, composer);
    const later = byId("composer-later");
    later.hidden = !sendLater;
    later.addEventListener("click", () => sendLater?.());
    byId("composer-emoji").addEventListener("click", (event) => this.#chooseEmoji(/** @type {HTMLElement} */ (event.currentTarget)));
    byId("composer-format").addEventListener("click", () => this.#showFormatting());
    byId("composer-more").addEventListener("click", (event) => this.#openMenu(/** @type {HTMLElement} */ (event.currentTarget)));
  }

  /** @param {HTMLElement} opener */
  #chooseEmoji(opener) {
    const { composer, notify } = this.#parts;
    openEmojiPicker({ title: "Emoji", opener, choose: (emoji) => composer.insert(emoji) }, notify);
  }

  #showFormatting() {
    const preview = this.#preview;
    this.#parts.withDialogs(({ openFormattingHelp }) => openFormattingHelp(preview && {
      isShown: preview.isShown, show: (isShown) => preview.show(isShown),
    }));
  }

  /** @param {HTMLElement} button */
  #openMenu(button) {
    const { sendLater } = this.#parts;
    const preview = this.#preview;
    openPopupMenu(button, "More for this message", [
      { text: "Formatting", name: "format", icon: "format", act: () => this.#showFormatting() },
      preview && {
        text: preview.isShown ? "Hide the preview" : "Preview", name: "preview", icon: "preview",
        act: () => preview.show(!preview.isShown),
      },
      sendLater && { text: "Send later", name: "later", icon: "later", act: sendLater },
    ].filter((entry) => entry !== null));
  }
}
