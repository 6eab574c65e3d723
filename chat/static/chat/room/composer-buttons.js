// @ts-check
// The buttons beside the field, and the menu's entry "Send later". Both need code that loads at their first use.
// Must not know what a button does: composer-tools.js and schedule-dialog.js do.

import { onMenuEntry } from "../ui/menus.js";

/**
 * @typedef {object} Parts
 * @property {string} slug
 * @property {boolean} isBoard a board has no scheduled messages
 * @property {string} previewPath the endpoint that renders previews
 * @property {HTMLElement} page contains the buttons
 * @property {import("./composer.js").Composer} composer
 * @property {import("./late-attachments.js").LateAttachments} attachments
 * @property {import("../connection/room-changes.js").RoomChanges} changes
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 * @property {() => void} askPoll opens the dialog for a poll
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

/**
 * The composer and the attachments of the room, or of the thread whose first message is `thread`.
 * @typedef {Pick<Parts, "composer" | "attachments"> & { thread?: number }} Writing
 */

export class ComposerButtons {
  /** @type {Parts} */
  #parts;
  /**
   * What the buttons do; null before their first use.
   * @type {import("./composer-tools.js").ComposerTools | null}
   */
  #tools = null;
  /**
   * The dialog for scheduled messages; null before its first opening.
   * @type {import("./schedule-dialog.js").ScheduleDialog | null}
   */
  scheduleDialog = null;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { page, withDialogs } = parts;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-tool]"))) {
      button.addEventListener("click", () => withDialogs((dialogs) => this.#use(dialogs, button)));
    }
    onMenuEntry("menu-schedule", () => this.sendLater());
  }

  /**
   * @param {import("./late-dialogs.js").Dialogs} dialogs
   * @param {HTMLElement} button
   */
  #use({ ComposerTools }, button) {
    const { isBoard, previewPath, composer, attachments, withDialogs, askPoll, notify } = this.#parts;
    this.#tools ??= new ComposerTools({
      composer, attachments, withDialogs, notify, previewPath, askPoll: isBoard ? null : askPoll, sendLater: isBoard ? null : () => this.sendLater(),
    });
    this.#tools.use(button.dataset.tool ?? "", button);
  }

  /**
   * Opens the dialog for scheduled messages.
   * @param {Writing} [writing]
   */
  sendLater({ composer, attachments, thread } = this.#parts) {
    const { slug, changes, withDialogs } = this.#parts;
    const { isEditing } = composer;
    withDialogs(({ ScheduleDialog }) => {
      this.scheduleDialog ??= new ScheduleDialog(slug);
      this.scheduleDialog.open({
        text: isEditing ? "" : composer.text, files: isEditing ? [] : attachments.stored, isThread: thread !== undefined,
        send: (body, at, files) => {
          // The outbox keeps the text and the files from now on, so the composer no longer needs them.
          if (files.length) attachments.take();
          if (body === composer.text || files.length) composer.clear();
          return changes.schedule(body, at, files.map(({ id }) => id), thread);
        },
      });
    });
  }
}
