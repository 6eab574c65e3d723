// @ts-check
// The field in which a person writes: its text, its length, its draft, and the message that it replies to or edits.
// Must not send: it passes the text to the action `submit`.

import { LONGEST_BODY } from "../connection/wire.js";
import { byId, child } from "../ui/dom.js";
import { codePointLength, personName } from "../ui/format.js";
import { excerpt } from "./message.js";

const WARN_FROM = LONGEST_BODY - 400;

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {{ kind: "reply" | "edit", message: Message }} Target */

/**
 * @typedef {object} Actions
 * @property {(body: string, target: Target | null) => void} submit
 * @property {() => void} typed
 * @property {() => void} stoppedTyping
 * @property {() => void} editLast
 */

export class Composer {
  #form = byId("composer-form", HTMLFormElement);
  #text = byId("composer", HTMLTextAreaElement);
  #placeholder = this.#text.placeholder;
  #sendButton = byId("send", HTMLButtonElement);
  #counter = byId("counter");
  #context = byId("composer-context");
  /** @type {Actions} */
  #actions;
  /** @type {import("./draft.js").Draft} */
  #draft;
  /**
   * What the field contained before the edit. The field contains it again after the edit.
   * @type {{ text: string, target: Target | null } | null}
   */
  #beforeEdit = null;
  /** @type {Target | null} */
  #target = null;

  /**
   * @param {Actions} actions
   * @param {import("./draft.js").Draft} draft
   */
  constructor(actions, draft) {
    this.#actions = actions;
    this.#draft = draft;
    this.#text.value = draft.load();
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#text.addEventListener("input", () => this.#changed());
    this.#text.addEventListener("keydown", (event) => this.#keyPressed(event));
    byId("composer-cancel").addEventListener("click", () => this.cancel());
    this.#adjust();
  }

  /** Whether the person may write. */
  get isEnabled() {
    return !this.#text.disabled;
  }

  get isEmpty() {
    return this.#text.value.trim() === "";
  }

  /** @param {Message} message */
  reply(message) {
    this.cancel();
    this.#setTarget("reply", message, `Replying to ${personName(message.author)}: ${excerpt(message)}`);
  }

  /** @param {Message} message */
  edit(message) {
    this.#beforeEdit ??= { text: this.#text.value, target: this.#target };
    this.#setTarget("edit", message, "Editing your message");
    this.#text.value = message.body;
    this.#adjust();
  }

  /** Ends the reply or the edit. After an edit, the field holds again what stood in it before. */
  cancel() {
    const before = this.#beforeEdit;
    this.#beforeEdit = null;
    this.#target = null;
    this.#context.hidden = true;
    if (before) this.#text.value = before.text;
    if (before?.target) this.reply(before.target.message);
    this.#adjust();
  }

  /** Empties the field, because the person has signed out. */
  clear() {
    this.#beforeEdit = null;
    this.cancel();
    this.#text.value = "";
    this.#adjust();
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

  /**
   * @param {Target["kind"]} kind
   * @param {Message} message
   * @param {string} sentence
   */
  #setTarget(kind, message, sentence) {
    this.#target = { kind, message };
    this.#context.hidden = false;
    child(this.#context, "span").textContent = sentence;
    this.focus();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#sendButton.disabled) return;
    const target = this.#target;
    const body = this.#text.value;
    this.#text.value = "";
    this.cancel();
    this.#saveDraft();
    this.#actions.stoppedTyping();
    this.#actions.submit(body, target);
    this.focus();
  }

  #changed() {
    this.#adjust();
    this.#saveDraft();
    if (this.isEmpty) this.#actions.stoppedTyping();
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

  /** Adjusts the field's height, the counter and the button to the text. */
  #adjust() {
    const length = codePointLength(this.#text.value.trim());
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    this.#counter.hidden = length < WARN_FROM;
    this.#counter.textContent = `${(LONGEST_BODY - length).toLocaleString()} left`;
    this.#counter.classList.toggle("over", length > LONGEST_BODY);
    this.#sendButton.disabled = this.#text.disabled || length === 0 || length > LONGEST_BODY;
  }

  // An edit is not saved as a draft: after a reload it would be sent as a new message.
  #saveDraft() {
    if (this.#target?.kind !== "edit") this.#draft.save(this.#text.value);
  }
}
