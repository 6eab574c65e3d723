// @ts-check
// The field in which a person writes: its text, the text's length, the draft, and the message that the text replies to or edits.
// Must not send: it passes the text to the action `submit`.

import { LONGEST_BODY } from "../connection/wire.js";
import { byId, child } from "../ui/dom.js";
import { codePointLength, personName } from "../ui/format.js";
import { gettext, ngettext } from "../ui/translation.js";
import { excerpt } from "./message.js";

const WARN_FROM = LONGEST_BODY - 400;

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("../connection/wire.js").UploadedFile} UploadedFile */
/** @typedef {{ kind: "reply" | "edit", message: Message }} Target */
/** @typedef {Pick<import("./late-attachments.js").LateAttachments, "isEmpty" | "isReady" | "stored" | "take" | "restore" | "show" | "sendWhenReady">} Files */

/** @type {Files} */
const NO_FILES = { isEmpty: true, isReady: true, stored: [], take: () => [], restore: () => {}, show: () => {}, sendWhenReady: () => {} };

/**
 * @typedef {object} Actions
 * @property {(body: string, target: Target | null, files: UploadedFile[]) => void} submit
 * @property {() => void} typed
 * @property {() => void} stoppedTyping
 * @property {() => void} editLast
 */

/**
 * The elements of a composer.
 * @typedef {object} Elements
 * @property {HTMLFormElement} form
 * @property {HTMLTextAreaElement} text
 * @property {HTMLButtonElement} send
 * @property {HTMLElement} counter
 * @property {HTMLElement} context shows the message that the text replies to or edits
 * @property {HTMLElement} cancel
 */

/** @returns {Elements} the composer of the room on the page */
function findElements() {
  return {
    form: byId("composer-form", HTMLFormElement), text: byId("composer", HTMLTextAreaElement), send: byId("send", HTMLButtonElement),
    counter: byId("counter"), context: byId("composer-context"), cancel: byId("composer-cancel"),
  };
}

export class Composer {
  /** @type {HTMLFormElement} */
  #form;
  /** @type {HTMLTextAreaElement} */
  #text;
  #placeholder = "";
  /** @type {HTMLButtonElement} */
  #sendButton;
  /** @type {HTMLElement} */
  #counter;
  /** @type {HTMLElement} */
  #context;
  /** @type {Actions} */
  #actions;
  /** @type {import("./draft.js").Draft} */
  #draft;
  /**
   * What the field contained before the edit. The end of the edit restores it.
   * @type {{ text: string, target: Target | null } | null}
   */
  #beforeEdit = null;
  /** @type {Target | null} */
  #target = null;
  /**
   * The files that are sent with the text.
   * @type {Files}
   */
  #files = NO_FILES;
  /** @type {(() => void)[]} */
  #watchers = [];

  /**
   * @param {Actions} actions
   * @param {import("./draft.js").Draft} draft
   * @param {Elements} [elements]
   */
  constructor(actions, draft, elements = findElements()) {
    this.#form = elements.form;
    this.#text = elements.text;
    this.#placeholder = this.#text.placeholder;
    this.#sendButton = elements.send;
    this.#counter = elements.counter;
    this.#context = elements.context;
    this.#actions = actions;
    this.#draft = draft;
    const typed = this.#text.value;
    this.#restore(draft.load());
    this.#addTyped(typed);
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#text.addEventListener("input", () => this.#changed());
    this.#text.addEventListener("keydown", (event) => this.#keyPressed(event));
    elements.cancel.addEventListener("click", () => this.cancel());
    this.#adjust();
  }

  /** Whether the person may write. */
  get isEnabled() {
    return !this.#text.disabled;
  }

  get isEmpty() {
    return this.#isBlank && this.#files.isEmpty;
  }

  /** Whether the person has written nothing, with or without files. */
  get #isBlank() {
    return this.#text.value.trim() === "";
  }

  /** What the person has written. */
  get text() {
    return this.#text.value;
  }

  /** What the empty field shows, such as the reason why the person may not write. */
  get placeholder() {
    return this.#text.placeholder;
  }

  /** Whether the text replies to a message, or edits one. */
  get hasTarget() {
    return this.#target !== null;
  }

  get isEditing() {
    return this.#target?.kind === "edit";
  }

  /**
   * Calls `callback` after each change of the text, and when the person may write or may no longer write.
   * @param {() => void} callback
   */
  onChange(callback) {
    this.#watchers.push(callback);
  }

  /**
   * Sends these files with the text, and restores those of the draft.
   * @param {Files} files
   */
  useFiles(files) {
    this.#files = files;
    files.restore(this.#draft.load().files);
    this.#adjust();
  }

  /** Adjusts the composer and saves the draft, because the files have changed. */
  filesChanged() {
    this.#adjust();
    this.#saveDraft();
  }

  /** @param {Message} message */
  reply(message) {
    this.cancel();
    this.#showTarget({ kind: "reply", message });
    this.#saveDraft();
    this.focus();
  }

  /** @param {Message} message */
  edit(message) {
    this.#beforeEdit ??= { text: this.#text.value, target: this.#target };
    this.#showTarget({ kind: "edit", message });
    this.#text.value = message.body;
    this.#adjust();
    this.#saveDraft();
    this.focus();
  }

  /**
   * Writes a text in the place of the selection, as if the person had typed it.
   * @param {string} text
   */
  insert(text) {
    this.#text.setRangeText(text, this.#text.selectionStart, this.#text.selectionEnd, "end");
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
    this.focus();
  }

  /**
   * Writes a text that was not sent into the field again, and returns true. Returns false if there is other text or a file,
   * if the person edits a message, or if the person may not write.
   * @param {string} text
   */
  giveBack(text) {
    if (!this.isEmpty || this.isEditing || !this.isEnabled) return false;
    this.insert(text);
    return true;
  }

  /** Ends the reply or the edit. The end of an edit restores what the field contained before. */
  cancel() {
    const before = this.#beforeEdit;
    this.#beforeEdit = null;
    this.#target = null;
    this.#context.hidden = true;
    if (before) this.#text.value = before.text;
    if (before?.target) this.#showTarget(before.target);
    this.#files.show();
    this.#adjust();
    this.#saveDraft();
  }

  /** Empties the field: the person has signed out, or has scheduled the text. */
  clear() {
    this.#beforeEdit = null;
    this.#text.value = "";
    this.#files.take();
    this.cancel();
  }

  focus() {
    this.#text.focus();
  }

  /**
   * Writes the handle of a person where the cursor is, and moves the focus there.
   * @param {string} handle
   */
  mention(handle) {
    const { selectionStart: start, value } = this.#text;
    const before = start > 0 && !/\s/.test(value[start - 1]) ? " " : "";
    this.#text.setRangeText(`${before}@${handle} `, start, this.#text.selectionEnd, "end");
    this.#changed();
    this.focus();
  }

  /** @param {string} reason is shown in the field */
  disable(reason) {
    this.#text.disabled = true;
    this.#text.placeholder = reason;
    this.#adjust();
  }

  enable() {
    this.#text.disabled = false;
    this.#text.placeholder = this.#placeholder;
    this.#adjust();
  }

  /** @param {Target} target */
  #showTarget(target) {
    const { kind, message } = target;
    this.#target = target;
    this.#files.show(kind !== "edit");
    this.#context.hidden = false;
    child(this.#context, "span").textContent = kind === "edit" ? gettext("Editing your message")
      : gettext("Replying to %(author)s: %(text)s", { author: personName(message.author), text: excerpt(message) });
  }

  /** @param {import("./draft.js").Written} written */
  #restore({ text, target, beforeEdit }) {
    this.#text.value = text;
    this.#beforeEdit = beforeEdit;
    if (target) this.#showTarget(target);
  }

  /**
   * Keeps what the person typed before this code had arrived, below an earlier draft.
   * @param {string} typed
   */
  #addTyped(typed) {
    const text = this.#text.value;
    if (!typed || typed === text) return;
    this.#text.value = text ? `${text}\n${typed}` : typed;
    this.#saveDraft();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#sendButton.disabled) return;
    if (!this.isEditing && !this.#files.isReady) {
      this.#files.sendWhenReady(() => this.#form.requestSubmit());
      return;
    }
    const target = this.#target;
    const body = this.#text.value;
    const files = this.isEditing ? [] : this.#files.take();
    this.#text.value = "";
    this.cancel();
    this.#actions.stoppedTyping();
    this.#actions.submit(body, target, files);
    this.focus();
  }

  #changed() {
    this.#adjust();
    this.#saveDraft();
    if (this.#isBlank) this.#actions.stoppedTyping();
    else this.#actions.typed();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    // While an input method composes a word, Enter belongs to the input method. Safari reports only key code 229 then.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "Escape") {
      this.cancel();
    } else if (event.key === "ArrowUp" && this.#text.value === "") {
      event.preventDefault();
      this.#actions.editLast();
    }
  }

  /** Adjusts the field to its text, because the field is on the page now: before, it had no width. */
  shown() {
    this.#adjust();
  }

  /** Adjusts the field's height, the counter and the button to the text. */
  #adjust() {
    const length = codePointLength(this.#text.value.trim());
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    this.#counter.hidden = length < WARN_FROM;
    this.#counter.textContent = describeRest(LONGEST_BODY - length);
    this.#counter.classList.toggle("over", length > LONGEST_BODY);
    const isNothing = length === 0 && (this.isEditing || this.#files.isEmpty);
    this.#sendButton.disabled = this.#text.disabled || isNothing || length > LONGEST_BODY;
    for (const watcher of this.#watchers) watcher();
  }

  #saveDraft() {
    this.#draft.save({ text: this.#text.value, target: this.#target, beforeEdit: this.#beforeEdit, files: this.#files.stored });
  }
}

/** @param {number} count how many characters the person may still write; negative for a text that is too long */
function describeRest(count) {
  // Translators: the number of characters that still fit into a message.
  return ngettext("%(count)s left", "%(count)s left", count);
}
