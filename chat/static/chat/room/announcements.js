// @ts-check
// The announcements of operators, newest first. Each is shown once in this tab, until the person dismisses it.

import { byId, make } from "../ui/dom.js";
import { fullTime } from "../ui/format.js";

/** @typedef {{ id: number, text: string, level: string, at?: string, private?: boolean }} Announcement */

export class Announcements {
  #place = byId("announcements");
  /** @type {Set<number>} */
  #shown = new Set();

  /** @param {Announcement} announcement */
  show({ id, text, level, at, private: isPrivate }) {
    if (this.#shown.has(id)) return;
    this.#shown.add(id);
    const close = make("button", {
      type: "button", class: "icon-button", "aria-label": "Dismiss", text: "✕", onclick: () => bar.remove(),
    });
    const bar = make(
      "div",
      {
        class: `bar announcement ${level}`, role: level === "urgent" ? "alert" : "status", "data-id": id,
        title: at ? fullTime(at) : null,
      },
      make("span", { text: isPrivate ? `Only for you: ${text}` : text }),
      close,
    );
    this.#place.prepend(bar);
  }
}
