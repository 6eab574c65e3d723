// @ts-check
// Shows in the page's title and in its icon that something is unread. Must not count.

import { isPageFocused, setTitleNumber } from "../ui/page-title.js";
import { formatNumber, gettext } from "../ui/translation.js";

const COLOURS = { unread: "#d97706", mention: "#dc2626" };
const RING = '<circle cx="24" cy="8" r="8" fill="#fff"/>';
// The picture of favicon.svg, so that the icon needs no request to change.
const BUBBLE = '<path fill="#0f766e" d="M7 4h18a5 5 0 0 1 5 5v10a5 5 0 0 1-5 5H15l-7 5.2c-.7.5-1.6 0-1.6-.8V24A5 5 0 0 1 2 19V9a5 5 0 0 1 '
  + '5-5z"/><circle cx="10" cy="14" r="2" fill="#fff"/><circle cx="16" cy="14" r="2" fill="#fff"/><circle cx="22" cy="14" r="2" fill="#fff"/>';

/** @typedef {{ unread: number, mentions: number }} Totals */

export class Badges {
  #icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  #plain = this.#icon?.href ?? "";
  /** @type {Totals} */
  #totals = { unread: 0, mentions: 0 };
  /** How many unread messages the room on the page has. While the page has the focus, the title does not count them. */
  #here = 0;
  #isMore = false;

  constructor() {
    for (const type of ["focus", "blur"]) window.addEventListener(type, () => this.#draw());
    document.addEventListener("visibilitychange", () => this.#draw());
  }

  /**
   * @param {Totals} totals
   * @param {{ here: number, isMore: boolean }} open how many of the unread messages are in the room on the page, and whether
   *   this room may have more unread messages than were counted
   */
  show(totals, { here, isMore }) {
    this.#totals = totals;
    this.#here = here;
    this.#isMore = isMore;
    this.#draw();
  }

  #draw() {
    const { unread, mentions } = this.#totals;
    const count = isPageFocused() ? Math.max(0, unread - this.#here) : unread;
    setTitleNumber(count ? inTitle(count, this.#isMore) : "");
    const kind = count === 0 ? "" : mentions > 0 ? "mention" : "unread";
    if (!this.#icon || this.#icon.dataset.badge === kind) return;
    this.#icon.dataset.badge = kind;
    this.#icon.href = kind ? iconWithDot(COLOURS[kind]) : this.#plain;
  }
}

/**
 * @param {number} count
 * @param {boolean} isMore whether there are more than this
 */
function inTitle(count, isMore) {
  return isMore ? gettext("%(count)s+", { count }) : formatNumber(count);
}

/** @param {string} colour */
function iconWithDot(colour) {
  const dot = `${RING}<circle cx="24" cy="8" r="6" fill="${colour}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${BUBBLE}${dot}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
