// @ts-check
// Connects the toolbar, the sheet, the keys and a long press with the actions on a message. Starts the tip with the people
// who reacted. The tip and the long press load with the dialogs.
// Must not change a message: it calls the passed actions.

import { gettext } from "../ui/translation.js";
import { KeyboardNavigation } from "./keyboard-navigation.js";
import { reactorsOf } from "./message-reactions.js";
import { MessageToolbar } from "./message-toolbar.js";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("./message-choices.js").Rights} Rights */

/**
 * @typedef {object} Actions
 * @property {(id: number, emoji: string) => void} react
 * @property {(message: Message) => void} reply
 * @property {(message: Message) => void} thread opens the thread of a message
 * @property {(message: Message) => void} edit
 * @property {(message: Message) => void} report
 * @property {(message: Message) => void} moderate
 * @property {(message: Message) => void} profile shows the card of the author
 * @property {(id: number) => void} remove
 * @property {(message: Message) => void} link
 * @property {(message: Message) => void} pin
 * @property {(message: Message) => void} unpin
 * @property {(message: Message) => void} bookmark
 * @property {(message: Message) => void} unbookmark
 * @property {(message: Message) => void} history
 * @property {(message: Message) => void} remind
 * @property {(message: Message) => void} closePoll
 */

/**
 * @typedef {object} Parts
 * @property {string} me the reader's handle
 * @property {HTMLElement} scroller
 * @property {HTMLElement} list the list of messages
 * @property {import("./timeline.js").Timeline} timeline
 * @property {(id: number) => Rights | null} rightsOn returns the person's rights on a message; null for none
 * @property {Actions} actions
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 * @property {() => void} focusComposer
 * @property {() => void} showNewest scrolls to the newest message, which may not be loaded
 * @property {() => void} showOldest scrolls to the oldest loaded message
 * @property {(sentence: string) => void} notify shows a sentence to the person
 * @property {import("../ui/scope.js").Scope} scope
 * @property {boolean} [isNarrow] the list is narrow, so the floating toolbar has fewer buttons
 */

export class MessageControls {
  /** @type {Parts} */
  #parts;
  /** @type {MessageToolbar} */
  #toolbar;
  /** @type {{ id: number, dialog: HTMLDialogElement } | null} */
  #sheet = null;
  #isComplete = false;

  /** @param {Parts} parts */
  constructor(parts) {
    const { scroller, list, rightsOn, focusComposer, showNewest, showOldest, scope, isNarrow = false } = parts;
    this.#parts = parts;
    /** @type {import("./message-choices.js").Act} */
    const act = (action, id, emoji) => this.#act(action, id, emoji);
    this.#toolbar = new MessageToolbar(list, rightsOn, act, scope, { hasEmoji: !isNarrow });
    new KeyboardNavigation(scroller, list, {
      act: (...choice) => this.#actByKey(...choice), leave: focusComposer, showNewest, showOldest,
    }, scope);
  }

  /**
   * Starts what a person needs only when the messages are on the page: the tip with the people who reacted, and a long
   * press. Later calls do nothing.
   * @param {import("./late-dialogs.js").Dialogs} dialogs
   */
  startLate({ LongPress, ReactorsTip }) {
    if (this.#isComplete) return;
    this.#isComplete = true;
    const { list, timeline, scope } = this.#parts;
    new ReactorsTip(list, (id, emoji) => {
      const message = timeline.get(id);
      return message ? reactorsOf(message, emoji) : [];
    }, scope);
    new LongPress(list, (item) => this.#openSheet(Number(item.dataset.id)), scope);
  }

  /** Hides the toolbar, because the person's rights have changed, or the conversation leaves the page. */
  hide() {
    this.#toolbar.hide();
  }

  /** Closes the toolbar and the sheet if their message was removed. The caller calls this when messages were drawn. */
  refresh() {
    this.#toolbar.refresh();
    if (this.#sheet && !this.#parts.rightsOn(this.#sheet.id)) this.#sheet.dialog.close();
  }

  /**
   * @param {Parameters<import("./message-choices.js").Act>[0]} action
   * @param {number} id
   * @param {string} [emoji]
   */
  #act(action, id, emoji) {
    const { actions, timeline } = this.#parts;
    const message = timeline.get(id);
    if (!message) return;
    if (action === "more") this.#openSheet(id);
    else if (action === "react") actions.react(id, emoji ?? "");
    else if (action === "remove") actions.remove(id);
    else if (action === "select") this.#selectText(id);
    else if (action === "emoji") this.#chooseEmoji(id);
    else if (action !== "copy") actions[action](message);
  }

  /**
   * Runs the action of a key, if this person may take this action.
   * @type {import("./message-choices.js").Act}
   */
  #actByKey(action, id, emoji) {
    const rights = this.#parts.rightsOn(id);
    const item = this.#parts.timeline.item(id);
    // The same key sets a pin or a bookmark, and removes it.
    if (rights?.unpin && action === "pin") action = "unpin";
    if (rights?.unbookmark && action === "bookmark") action = "unbookmark";
    if (!rights || !item || (action in rights && !rights[/** @type {keyof Rights} */ (action)])) return;
    if (action === "remove") this.#toolbar.askToRemove(item);
    else if (action === "copy") this.#copyText(id, item);
    else this.#act(action, id, emoji);
  }

  /** @param {number} id */
  #chooseEmoji(id) {
    const { timeline, actions, notify, withDialogs } = this.#parts;
    const item = timeline.item(id);
    if (!item) return;
    const opener = /** @type {HTMLElement | null} */ (item.querySelector(".toolbar")) ?? item;
    const choose = (/** @type {string} */ emoji) => actions.react(id, emoji);
    withDialogs(({ openEmojiPicker }) => openEmojiPicker({ title: gettext("React with an emoji"), opener, choose }, notify));
  }

  /** @param {number} id */
  #openSheet(id) {
    const { me, timeline, rightsOn, notify, withDialogs } = this.#parts;
    const focused = document.activeElement;
    withDialogs(({ openMessageSheet }) => {
      const message = timeline.get(id);
      const rights = rightsOn(id);
      // While the dialogs were loading, the person may have begun something else.
      if (this.#sheet || !message || !rights || document.activeElement !== focused) return;
      const dialog = openMessageSheet(message, {
        me, rights, notify, act: (action, emoji) => this.#act(action, id, emoji),
      });
      this.#sheet = { id, dialog };
      dialog.addEventListener("close", () => { this.#sheet = null; });
    });
  }

  /**
   * @param {number} id
   * @param {HTMLElement} item
   */
  #copyText(id, item) {
    const { timeline, notify, withDialogs } = this.#parts;
    withDialogs(async ({ copyMessage }) => {
      const message = timeline.get(id);
      if (message) await copyMessage(message, item, notify);
      item.focus({ preventScroll: true });
    });
  }

  /** @param {number} id */
  #selectText(id) {
    const body = this.#parts.timeline.item(id)?.querySelector(".body");
    if (body) window.getSelection()?.selectAllChildren(body);
  }
}
