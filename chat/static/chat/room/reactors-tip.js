// @ts-check
// Shows who reacted, beside a reaction under the mouse or with the keyboard's focus. For a finger, the sheet of the message
// shows the same. Loads with the dialogs. Must not add or remove reactions.

import { isRightToLeft } from "../ui/direction.js";
import { closestTo, make } from "../ui/dom.js";
import { sentenceOf } from "./reactors.js";

const SHOW_AFTER_MS = 250;
const EDGE_PX = 8;

export class ReactorsTip {
  /** @type {(id: number, emoji: string) => string[]} */
  #namesOf;
  #tip = make("p", { class: "tooltip reactors-tip", role: "tooltip", id: "reactors-tip", popover: "manual" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} list the list of messages
   * @param {(id: number, emoji: string) => string[]} namesOf returns the names of the people who reacted with an emoji
   * @param {import("../ui/scope.js").Scope} scope
   */
  constructor(list, namesOf, scope) {
    this.#namesOf = namesOf;
    list.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.#soon(closestTo(event, "[data-react]"));
    });
    list.addEventListener("pointerleave", () => this.#hide());
    list.addEventListener("focusin", (event) => {
      const reaction = closestTo(event, "[data-react]");
      if (reaction?.matches(":focus-visible")) this.#show(reaction);
      else this.#hide();
    });
    list.addEventListener("focusout", () => this.#hide());
    scope.listen(document, "keydown", ({ key }) => key === "Escape" && this.#hide(), { capture: true });
    scope.listen(document, "scroll", () => this.#hide(), { capture: true, passive: true });
    scope.whileActive((signal) => signal.addEventListener("abort", () => this.#hide()));
  }

  /** @param {HTMLElement | null} reaction */
  #soon(reaction) {
    clearTimeout(this.#timer);
    if (!reaction) this.#hide();
    else this.#timer = setTimeout(() => this.#show(reaction), SHOW_AFTER_MS);
  }

  /** @param {HTMLElement} reaction */
  #show(reaction) {
    const item = /** @type {HTMLElement | null} */ (reaction.closest(".message"));
    const names = item ? this.#namesOf(Number(item.dataset.id), reaction.dataset.react ?? "") : [];
    if (!names.length || !reaction.isConnected) return;
    this.#tip.textContent = sentenceOf(names);
    document.body.append(this.#tip);
    this.#tip.showPopover?.();
    const { left, right, top, bottom } = reaction.getBoundingClientRect();
    const { width, height } = this.#tip.getBoundingClientRect();
    const isBelow = top - height - EDGE_PX < 0;
    const x = isRightToLeft(reaction) ? right - width : left;
    this.#tip.style.left = `${Math.max(EDGE_PX, Math.min(x, window.innerWidth - width - EDGE_PX))}px`;
    this.#tip.style.top = `${isBelow ? bottom + EDGE_PX : top - height - EDGE_PX}px`;
  }

  #hide() {
    clearTimeout(this.#timer);
    this.#tip.remove();
  }
}
