// Where one writes: the text, its length, the reply or edit it belongs to, the draft.
// Must not send by itself: it hands over what was written.

import { excerpt } from "./message.js";
import { find } from "../ui/dom.js";
import { LONGEST_BODY, lengthOf } from "../connection/room-socket.js";

const WARN_AT = LONGEST_BODY - 400;

export class Composer {
  #form = find("composer-form");
  #text = find("composer");
  #placeholder = this.#text.placeholder;
  #send = find("send");
  #counter = find("counter");
  #context = find("composer-context");
  #actions;
  #draftKey;
  #target = null;

  /** actions: {submit(body, target), typed(), stopped(), editLast()}; a target is {kind: "reply" or "edit", message}. */
  constructor(actions, draftKey) {
    this.#actions = actions;
    this.#draftKey = draftKey;
    this.#text.value = sessionStorage.getItem(draftKey) ?? "";
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#text.addEventListener("input", () => this.#changed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    find("cancel", this.#context).addEventListener("click", () => this.cancel());
    this.#fit();
  }

  get isEmpty() {
    return this.#text.value.trim() === "";
  }

  reply(message) {
    this.cancel();
    this.#aim("reply", message, `Replying to ${message.author.handle}: ${excerpt(message)}`);
  }

  edit(message) {
    this.#aim("edit", message, "Editing your message");
    this.#text.value = message.body;
    this.#fit();
  }

  cancel() {
    if (this.#target?.kind === "edit") this.#text.value = "";
    this.#target = null;
    this.#context.hidden = true;
    this.#fit();
  }

  focus() {
    this.#text.focus();
  }

  close(sentence) {
    this.#text.disabled = true;
    this.#text.placeholder = sentence;
    this.#fit();
  }

  open() {
    this.#text.disabled = false;
    this.#text.placeholder = this.#placeholder;
    this.#fit();
  }

  #aim(kind, message, sentence) {
    this.#target = { kind, message };
    this.#context.hidden = false;
    this.#context.querySelector("span").textContent = sentence;
    this.focus();
  }

  #submit(event) {
    event.preventDefault();
    if (this.#send.disabled) return;
    const target = this.#target;
    const body = this.#text.value;
    this.#text.value = "";
    this.cancel();
    this.#keepDraft();
    this.#actions.stopped();
    this.#actions.submit(body, target);
    this.focus();
  }

  #changed() {
    this.#fit();
    this.#keepDraft();
    if (this.isEmpty) this.#actions.stopped();
    else this.#actions.typed();
  }

  #key(event) {
    // While an input method composes a word, Enter belongs to it.
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

  #fit() {
    const length = lengthOf(this.#text.value.trim());
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    this.#counter.hidden = length < WARN_AT;
    this.#counter.textContent = `${(LONGEST_BODY - length).toLocaleString()} left`;
    this.#counter.classList.toggle("over", length > LONGEST_BODY);
    this.#send.disabled = this.#text.disabled || length === 0 || length > LONGEST_BODY;
  }

  // An edit is no draft: after a reload it would be sent as a new message.
  #keepDraft() {
    if (this.#target?.kind === "edit") return;
    try {
      sessionStorage.setItem(this.#draftKey, this.#text.value);
    } catch {
      // Storage full or forbidden: then the draft lives as long as the page.
    }
  }
}
