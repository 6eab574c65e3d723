// @ts-check
// Draws the operators' table of rooms. Must not know where the changes come from.

import { byId, child, make } from "../ui/dom.js";
import { timeInWords } from "../ui/times.js";
import { pgettext } from "../ui/translation.js";

const FLASH_MS = 2_000;
/** @type {Record<string, string>} */
const ACCESS = {
  public: pgettext("room", "public"), private: pgettext("room", "private"), board: pgettext("room", "board"),
  direct: pgettext("room", "direct"),
};

/**
 * @typedef {object} Change
 * @property {"create" | "update" | "delete"} action
 * @property {number} pk
 * @property {{ slug: string, name: string, topic: string, access: string, created_at: string }} data
 */

export class RoomsTable {
  #body = child(byId("all-rooms"), "tbody");
  #empty = byId("no-rooms");

  constructor() {
    this.#showTimes();
  }

  /**
   * Draws one change. Changes arrive in any order and may be lost, so an update may be for a row that the table lacks.
   * @param {Change} change
   */
  apply({ action, pk, data }) {
    const old = this.#body.querySelector(`[data-pk="${CSS.escape(String(pk))}"]`);
    if (action === "delete") {
      old?.remove();
    } else {
      const row = makeRow(pk, data);
      if (old) old.replaceWith(row);
      else this.#body.prepend(row);
      row.classList.add("flash");
      setTimeout(() => row.classList.remove("flash"), FLASH_MS);
    }
    this.#updateEmpty();
  }

  /**
   * Replaces all rows with the rows of a newly loaded copy of this page.
   * @param {Document} page
   */
  replaceFrom(page) {
    const rows = page.querySelectorAll("#all-rooms tbody > tr");
    this.#body.replaceChildren(...rows);
    this.#updateEmpty();
    this.#showTimes();
  }

  /** Replaces the dates that the server wrote with times such as "5 min. ago". clock.js keeps these current. */
  #showTimes() {
    for (const time of this.#body.querySelectorAll("time")) time.replaceWith(makeTime(time.dateTime));
  }

  #updateEmpty() {
    this.#empty.hidden = this.#body.children.length > 0;
  }
}

/** @param {string} at */
function makeTime(at) {
  return timeInWords(at, "ago");
}

/**
 * @param {number} pk
 * @param {Change["data"]} room
 */
function makeRow(pk, { slug, name, topic, access, created_at: createdAt }) {
  const link = make("a", { href: `/admin/chat/room/${pk}/change/`, dir: "auto", text: name });
  return make(
    "tr",
    { "data-pk": pk },
    make("th", { scope: "row" }, link, make("span", { class: "slug", text: slug })),
    make("td", { dir: "auto", text: topic }),
    make("td", {}, make("span", { class: "role", text: ACCESS[access] ?? access })),
    make("td", {}, makeTime(createdAt)),
  );
}
