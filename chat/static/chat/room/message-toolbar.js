// The one toolbar that moves to the message under the pointer, the finger or the keyboard's focus.
// Must not act: it calls back with the message's id.

import { askTwice } from "../ui/forms.js";
import { icon, make } from "../ui/dom.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

export class Toolbar {
  #list;
  #rights;
  #actions;
  #id = null;
  #bar;

  /** `rights(id)` gives {edit, remove, report}; actions: {react(id, emoji), reply(id), edit(id), remove(id), report(id)}. */
  constructor(list, rights, actions) {
    this.#list = list;
    this.#rights = rights;
    this.#actions = actions;
    this.#bar = make("div", { class: "toolbar", role: "toolbar", "aria-label": "Message", "data-testid": "toolbar" });
    list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#moveTo(event.target));
    list.addEventListener("pointerleave", () => this.#bar.contains(document.activeElement) || this.hide());
    list.addEventListener("focusin", (event) => this.#moveTo(event.target));
    list.addEventListener("click", (event) => this.#moveTo(event.target));
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  hide() {
    this.#bar.remove();
    this.#id = null;
  }

  /** The message under it may have changed or gone. */
  refresh() {
    if (this.#id !== null && (!this.#rights(this.#id) || !this.#bar.isConnected)) this.hide();
  }

  #moveTo(target) {
    const item = target.closest(".message");
    if (!item || this.#bar.contains(target)) return;
    const id = Number(item.dataset.id);
    if (id === this.#id && this.#bar.isConnected) return;
    const rights = this.#rights(id);
    if (!rights) return this.hide();
    this.#id = id;
    this.#bar.replaceChildren(...this.#buttons(id, rights));
    item.append(this.#bar);
  }

  #buttons(id, rights) {
    const buttons = EMOJI.map((emoji) => this.#button(`react-${emoji}`, `React with ${emoji}`, emoji, () => {
      this.#actions.react(id, emoji);
    }));
    buttons.push(this.#button("reply", "Reply", icon("reply"), () => this.#actions.reply(id)));
    if (rights.edit) buttons.push(this.#button("edit", "Edit", icon("edit"), () => this.#actions.edit(id)));
    if (rights.report) buttons.push(this.#button("report", "Report", icon("report"), () => this.#actions.report(id)));
    if (rights.remove) buttons.push(this.#removeButton(id));
    return buttons;
  }

  #button(testId, label, content, onclick) {
    return make("button", { type: "button", title: label, "aria-label": label, "data-testid": testId, onclick }, content);
  }

  #removeButton(id) {
    return askTwice(this.#button("remove", "Remove", icon("remove")), "Remove?", () => this.#actions.remove(id));
  }

  // One stop for the Tab key in the whole history; the arrows walk from message to message.
  #walk(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const item = event.target.closest(".message");
    const next = event.key === "ArrowUp" ? item?.previousElementSibling : item?.nextElementSibling;
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
