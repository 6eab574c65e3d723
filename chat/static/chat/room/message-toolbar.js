// @ts-check
// The toolbar of messages. It moves to the message under the pointer, the finger or the keyboard's focus.
// Must not change a message: it calls the passed actions with the message's id.

import { make } from "../ui/dom.js";
import { confirmWithSecondClick } from "../ui/forms.js";
import { icon } from "../ui/pictures.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/** @typedef {{ edit: boolean, remove: boolean, report: boolean }} Rights */

/**
 * @typedef {object} Actions
 * @property {(id: number, emoji: string) => void} react
 * @property {(id: number) => void} reply
 * @property {(id: number) => void} edit
 * @property {(id: number) => void} remove
 * @property {(id: number) => void} report
 */

export class MessageToolbar {
  /** @type {HTMLElement} */
  #list;
  /** @type {(id: number) => Rights | null} */
  #rightsOn;
  /** @type {Actions} */
  #actions;
  /** @type {number | null} */
  #id = null;
  #bar = make("div", { class: "toolbar", role: "toolbar", "aria-label": "Message" });

  /**
   * @param {HTMLElement} list the list of messages
   * @param {(id: number) => Rights | null} rightsOn returns the person's rights on a message; null for none
   * @param {Actions} actions
   */
  constructor(list, rightsOn, actions) {
    this.#list = list;
    this.#rightsOn = rightsOn;
    this.#actions = actions;
    list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#moveTo(event.target));
    list.addEventListener("pointerleave", () => this.#bar.contains(document.activeElement) || this.hide());
    list.addEventListener("focusin", (event) => this.#moveTo(event.target));
    list.addEventListener("click", (event) => this.#moveTo(event.target));
    list.addEventListener("keydown", (event) => this.#moveFocus(event));
  }

  hide() {
    this.#bar.remove();
    this.#id = null;
  }

  /** Hides the toolbar when its message has been removed. */
  refresh() {
    if (this.#id !== null && (!this.#rightsOn(this.#id) || !this.#bar.isConnected)) this.hide();
  }

  /** @param {EventTarget | null} target */
  #moveTo(target) {
    if (!(target instanceof Element) || this.#bar.contains(target)) return;
    const item = target.closest(".message");
    if (!(item instanceof HTMLElement) || !this.#list.contains(item)) return;
    const id = Number(item.dataset.id);
    if (id === this.#id && this.#bar.isConnected) return;
    const rights = this.#rightsOn(id);
    if (!rights) {
      this.hide();
      return;
    }
    this.#id = id;
    this.#bar.replaceChildren(...this.#makeButtons(id, rights));
    item.append(this.#bar);
  }

  /**
   * @param {number} id
   * @param {Rights} rights
   */
  #makeButtons(id, rights) {
    const buttons = EMOJI.map((emoji) => {
      const button = makeButton("react", `React with ${emoji}`, emoji, () => this.#actions.react(id, emoji));
      button.dataset.emoji = emoji;
      return button;
    });
    buttons.push(makeButton("reply", "Reply", icon("reply"), () => this.#actions.reply(id)));
    if (rights.edit) buttons.push(makeButton("edit", "Edit", icon("edit"), () => this.#actions.edit(id)));
    if (rights.report) buttons.push(makeButton("report", "Report", icon("report"), () => this.#actions.report(id)));
    if (rights.remove) {
      const button = makeButton("remove", "Remove", icon("remove"));
      buttons.push(confirmWithSecondClick(button, "Remove?", () => this.#actions.remove(id)));
    }
    return buttons;
  }

  /**
   * Moves the focus to the previous or next message with the arrow keys. The Tab key stops once in the whole list.
   * @param {KeyboardEvent} event
   */
  #moveFocus(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const item = event.target instanceof Element ? event.target.closest(".message") : null;
    const next = event.key === "ArrowUp" ? item?.previousElementSibling : item?.nextElementSibling;
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
  }
}

/**
 * @param {string} action
 * @param {string} label
 * @param {string | Node} content
 * @param {() => void} [act]
 */
function makeButton(action, label, content, act) {
  return make("button", { type: "button", title: label, "aria-label": label, "data-action": action, onclick: act }, content);
}
