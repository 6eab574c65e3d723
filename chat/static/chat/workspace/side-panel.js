// @ts-check
// The panel beside the conversation. It shows one view at a time, in the place of the room's people.
// Must not know what the views contain.

import { byId, child, make } from "../ui/dom.js";

/** @typedef {{ name: string, closed?: () => void }} Shown */

export class SidePanel {
  #workspace = byId("workspace");
  #element = byId("side-panel");
  #heading = child(this.#element, "h2");
  #content = child(this.#element, "[data-content]");
  /** @type {Shown | null} */
  #shown = null;
  /** @type {Element | null} */
  #opener = null;

  constructor() {
    child(this.#element, "[data-action=close-panel]").addEventListener("click", () => this.close());
    this.#element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.stopPropagation();
      this.close();
    });
  }

  /** The name of the view that the panel shows, or null if the panel is closed. */
  get name() {
    return this.#shown?.name ?? null;
  }

  /**
   * Shows a view in the panel, and moves the focus there.
   * @param {string} name identifies the view
   * @param {string} title
   * @param {Node[]} content
   * @param {() => void} [closed] is called when the panel is closed, or shows another view
   */
  open(name, title, content, closed) {
    if (this.#shown === null) this.#opener = document.activeElement;
    this.#shown?.closed?.();
    this.#shown = { name, closed };
    this.#heading.textContent = title;
    this.#content.replaceChildren(make("div", {}, ...content));
    this.#element.hidden = false;
    this.#workspace.classList.add("has-panel");
    this.#heading.focus({ preventScroll: true });
  }

  /** Closes the panel. If the focus is in the panel, moves it to the element that had the focus before the panel opened. */
  close() {
    if (this.#shown === null) return;
    const { closed } = this.#shown;
    const hadFocus = this.#element.contains(document.activeElement);
    this.#shown = null;
    this.#element.hidden = true;
    this.#content.replaceChildren();
    this.#workspace.classList.remove("has-panel");
    closed?.();
    if (hadFocus && this.#opener instanceof HTMLElement && this.#opener.isConnected) this.#opener.focus();
  }
}
