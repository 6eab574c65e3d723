// @ts-check
// What the buttons beside the field do: emoji, formatting, a poll, a message for later. In a narrow window, one button opens a
// menu for formatting, the preview, a poll and a message for later. This module loads with the dialogs.
// Must not send messages, and must not change the text except through the composer.

import { openPopupMenu } from "../ui/popup-menu.js";
import { gettext } from "../ui/translation.js";
import { openEmojiPicker } from "./late-emoji.js";
import { Preview } from "./preview.js";

/**
 * @typedef {object} Parts
 * @property {import("./composer.js").Composer} composer
 * @property {import("./late-attachments.js").LateAttachments} attachments
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 * @property {(() => void) | null} sendLater opens the dialog for a scheduled message; null on a board
 * @property {(() => void) | null} askPoll opens the dialog for a poll; null on a board
 * @property {string} previewPath the endpoint that renders previews
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

export class ComposerTools {
  /** @type {Parts} */
  #parts;
  /** @type {Preview} */
  #preview;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#preview = new Preview(parts.previewPath, parts.composer);
  }

  /**
   * Runs the tool of a button: "emoji", "format", "poll" or "later". Every other name opens the menu.
   * @param {string} tool
   * @param {HTMLElement} button
   */
  use(tool, button) {
    if (tool === "emoji") this.#chooseEmoji(button);
    else if (tool === "format") this.#showFormatting();
    else if (tool === "poll") this.#parts.askPoll?.();
    else if (tool === "later") this.#parts.sendLater?.();
    else this.#openMenu(button);
  }

  /** @param {HTMLElement} opener */
  #chooseEmoji(opener) {
    const { composer, notify } = this.#parts;
    openEmojiPicker({ title: gettext("Emoji"), opener, choose: (emoji) => composer.insert(emoji) }, notify);
  }

  #showFormatting() {
    const preview = this.#preview;
    this.#parts.withDialogs(({ openFormattingHelp }) => openFormattingHelp({
      isShown: preview.isShown, show: (isShown) => preview.show(isShown),
    }));
  }

  /** @param {HTMLElement} button */
  #openMenu(button) {
    const { askPoll, sendLater, attachments } = this.#parts;
    const preview = this.#preview;
    openPopupMenu(button, gettext("More for this message"), [
      attachments.isPossible && { text: gettext("Photo or file"), name: "attach", icon: "attach", act: () => attachments.choose() },
      attachments.isPossible && { text: gettext("Take a photo"), name: "camera", icon: "camera", act: () => attachments.choose({ camera: true }) },
      { text: gettext("Formatting"), name: "format", icon: "format", act: () => this.#showFormatting() },
      {
        text: preview.isShown ? gettext("Hide the preview") : gettext("Preview"), name: "preview", icon: "preview",
        act: () => preview.show(!preview.isShown),
      },
      askPoll && { text: gettext("Poll"), name: "poll", icon: "poll", act: askPoll },
      sendLater && { text: gettext("Send later"), name: "later", icon: "later", act: sendLater },
    ].filter((entry) => entry !== null && entry !== false));
  }
}
