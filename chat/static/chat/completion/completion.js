// @ts-check
// The list of suggestions above the field in which a person writes. The focus stays in the field, and the list is the
// field's listbox, as in the combobox pattern of ARIA. Must not know what can be completed: sources.js does.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { makeEmojiPicture } from "../ui/emoji-picture.js";
import { avatar, icon } from "../ui/pictures.js";
import { gettext, ngettext } from "../ui/translation.js";
import { makeCommandSource, makeEmojiSource, makePeopleSource, makeRoomSource } from "./sources.js";
import { ThrottledRequests } from "./throttled-requests.js";
import { findTrigger } from "./trigger.js";

const LABELS = { "@": gettext("People"), "#": gettext("Rooms"), ":": gettext("Emoji"), "/": gettext("Commands") };

/** @typedef {import("./sources.js").Suggestion} Suggestion */
/** @typedef {import("./sources.js").Source} Source */

export class Completion {
  /** @type {HTMLTextAreaElement} */
  #field;
  #requests = new ThrottledRequests((address) => call("GET", address));
  /** @type {Partial<Record<import("./trigger.js").Sign, Source>>} */
  #sources;
  /** @type {HTMLElement} */
  #list;
  #status = make("p", { class: "unseen", role: "status" });
  /** @type {Suggestion[]} */
  #suggestions = [];
  #chosen = 0;
  /** @type {import("./trigger.js").Trigger | null} */
  #trigger = null;
  /**
   * The position of a sign that the person has completed or dismissed.
   * @type {number | null}
   */
  #doneFrom = null;

  /**
   * @param {HTMLFormElement} form contains the field
   * @param {HTMLTextAreaElement} field
   * @param {import("./sources.js").Room} room
   */
  constructor(form, field, room) {
    this.#field = field;
    // Two fields of the page may have suggestions.
    const id = field.id === "composer" ? "completion" : `completion-${field.id}`;
    this.#list = make("div", { id, class: "completion", role: "listbox", hidden: true });
    this.#sources = {
      "@": makePeopleSource(room, this.#requests), "#": makeRoomSource(room, this.#requests), "/": makeCommandSource(room),
      ...(room.loadEmoji ? { ":": makeEmojiSource(room.loadEmoji) } : {}),
    };
    form.before(make("div", { class: "completion-place" }, this.#list, this.#status));
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.#list.id);
    // The form takes the keys before the field does, because Enter would send the message.
    form.addEventListener("keydown", (event) => this.#keyPressed(event), true);
    field.addEventListener("input", (event) => this.update(event));
    // Chromium sends no `input` after the end of a composition.
    field.addEventListener("compositionend", () => this.update());
    field.addEventListener("click", () => this.#moved());
    field.addEventListener("keyup", ({ key }) => /^(Arrow(Left|Right)|Home|End)$/.test(key) && this.#moved());
    field.addEventListener("blur", () => this.#close());
    form.addEventListener("submit", () => { this.#doneFrom = null; this.#close(); });
    // A press on the list must not take the focus out of the field.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
  }

  /**
   * Shows suggestions for what stands before the caret.
   * @param {Event} [event]
   */
  async update(event) {
    // While an input method composes a word, the text is not final.
    if (event instanceof InputEvent && event.isComposing) {
      this.#close();
      return;
    }
    const { selectionStart, selectionEnd, value } = this.#field;
    const trigger = selectionStart === selectionEnd ? findTrigger(value, selectionStart) : null;
    if (trigger?.from !== this.#doneFrom) this.#doneFrom = null;
    const source = trigger && trigger.from !== this.#doneFrom ? this.#sources[trigger.sign] : undefined;
    this.#trigger = source ? trigger : null;
    if (!trigger || !source) {
      this.#close();
      return;
    }
    this.#show(source.kept(trigger.query));
    const suggestions = await source.fetch(trigger.query);
    if (this.#trigger === trigger) this.#show(suggestions);
  }

  /** Closes the list when the caret has moved away from what the list completes. */
  #moved() {
    const { selectionStart, value } = this.#field;
    const found = findTrigger(value, selectionStart);
    if (!this.#list.hidden && (found?.from !== this.#trigger?.from || found?.query !== this.#trigger?.query)) this.#close();
  }

  /** @param {Suggestion[]} suggestions */
  #show(suggestions) {
    if (!suggestions.length || !this.#trigger) {
      this.#hide();
      return;
    }
    const chosen = this.#suggestions[this.#chosen]?.text;
    this.#suggestions = suggestions;
    this.#chosen = Math.max(0, this.#list.hidden ? 0 : suggestions.findIndex(({ text }) => text === chosen));
    this.#list.setAttribute("aria-label", LABELS[this.#trigger.sign]);
    this.#list.replaceChildren(...suggestions.map((suggestion, index) => this.#makeOption(suggestion, index)));
    this.#list.hidden = false;
    const sentence = ngettext("%(count)s suggestion", "%(count)s suggestions", suggestions.length);
    if (this.#status.textContent !== sentence) this.#status.textContent = sentence;
    this.#mark();
  }

  /**
   * @param {Suggestion} suggestion
   * @param {number} index
   */
  #makeOption({ title, usage, detail, person, sign, picture, url }, index) {
    return make(
      "div",
      { id: `${this.#list.id}-${index}`, role: "option", onclick: () => this.#choose(index) },
      person ? avatar(person) : picture ? makePicture(picture, url) : icon(sign ?? "none"),
      make("bdi", { class: "completion-title", text: title }),
      usage ? make("bdi", { class: "completion-usage", text: usage }) : null,
      detail ? make("bdi", { class: "completion-detail", text: detail }) : null,
    );
  }

  #mark() {
    [...this.#list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#chosen)));
    this.#field.setAttribute("aria-activedescendant", `${this.#list.id}-${this.#chosen}`);
    this.#list.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  #hide() {
    this.#list.hidden = true;
    this.#suggestions = [];
    this.#status.textContent = "";
    this.#field.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.#trigger = null;
    this.#hide();
  }

  /** @param {number} index */
  #choose(index) {
    const suggestion = this.#suggestions[index];
    const trigger = this.#trigger;
    if (!suggestion || !trigger) return;
    this.#close();
    this.#doneFrom = trigger.from;
    replaceText(this.#field, trigger.from, trigger.from + trigger.sign.length + trigger.query.length, suggestion.text);
  }

  /** Returns whether the person has typed the whole suggestion. */
  #isComplete() {
    const { sign = "", query = "" } = this.#trigger ?? {};
    const typed = sign + query;
    return this.#suggestions[this.#chosen]?.text.trim().toLowerCase() === typed.trim().toLowerCase();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (this.#list.hidden || event.target !== this.#field || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const { length } = this.#suggestions;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#chosen = (this.#chosen + step + length) % length;
      this.#mark();
    } else if (event.key === "Enter" && this.#isComplete()) {
      // Nothing is left to complete, so Enter sends the message.
      this.#close();
      return;
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.#choose(this.#chosen);
    } else if (event.key === "Escape") {
      this.#doneFrom = this.#trigger?.from ?? null;
      this.#close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * @param {string} emoji
 * @param {string} [url]
 */
function makePicture(emoji, url) {
  return make("span", { class: "picture", "aria-hidden": "true" }, url ? makeEmojiPicture(emoji, url) : emoji);
}

/**
 * Replaces a part of the text. In most browsers the person can undo this.
 * @param {HTMLTextAreaElement} field
 * @param {number} from
 * @param {number} to
 * @param {string} text
 */
function replaceText(field, from, to, text) {
  // A space may already follow the place of the text.
  const end = text.endsWith(" ") && field.value[to] === " " ? to + 1 : to;
  field.focus();
  field.setSelectionRange(from, end);
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, from, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
