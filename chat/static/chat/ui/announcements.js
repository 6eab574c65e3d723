// @ts-check
// Shows the announcements of operators and the person's reminders, newest first, until the person dismisses them or they
// expire.
// Must not know how announcements arrive, or how the server learns of a dismissal.

import { onClock } from "./clock.js";
import { byId, make } from "./dom.js";
import { fullTime, isolate } from "./format.js";
import { gettext } from "./translation.js";

const DISMISSED = "chat.dismissed";
const MAX_DISMISSED = 100;

/**
 * @typedef {object} Announcement
 * @property {number} id
 * @property {string} text
 * @property {string} level
 * @property {string} [at] ISO 8601, UTC
 * @property {string} [expires_at] ISO 8601, UTC
 * @property {boolean} [private]
 * @property {number} [reminder] the id of the reminder that the person asked for
 * @property {string} [link] the path of what the reminder is about
 */

export class Announcements {
  /** @type {HTMLElement} */
  #place;
  /** @type {Map<number, { bar: HTMLElement, expiresAt: number }>} */
  #shown = new Map();
  /** @type {import("../connection/storage.js").KeyValueStorage} */
  #storage;
  /** @type {(id: number) => void} */
  #dismiss;
  /**
   * What the person has dismissed in this tab. The server may not know it yet.
   * @type {Set<number>}
   */
  #dismissed;

  /**
   * @param {import("../connection/storage.js").KeyValueStorage} storage the storage of this person
   * @param {(id: number) => void} dismiss tells the server; this may fail
   * @param {import("./scope.js").Scope} scope
   * @param {HTMLElement} [place] where the announcements are shown
   */
  constructor(storage, dismiss, scope, place = byId("announcements")) {
    this.#place = place;
    this.#storage = storage;
    this.#dismiss = dismiss;
    this.#dismissed = new Set(readIds(storage));
    scope.whileActive((signal) => onClock(() => this.#removeExpired(), signal));
  }

  /** @param {Announcement} announcement */
  show(announcement) {
    const { id, expires_at: end } = announcement;
    if (this.#shown.has(id)) return;
    if (this.#dismissed.has(id)) {
      this.#dismiss(id);
      return;
    }
    const bar = this.#makeBar(announcement);
    if (announcement.reminder !== undefined) addReminderButtons(bar, announcement, () => this.#dismissNow(id));
    this.#shown.set(id, { bar, expiresAt: end ? new Date(end).getTime() : Infinity });
    // Workers may swap two announcements, so the order is that of their ids.
    const bars = /** @type {HTMLElement[]} */ ([...this.#place.children]);
    this.#place.insertBefore(bar, bars.find(({ dataset }) => Number(dataset.id) < id) ?? null);
    this.#removeExpired();
  }

  /** The ids of the announcements that the page shows. */
  get ids() {
    return [...this.#shown.keys()];
  }

  /**
   * Removes an announcement that was dismissed or withdrawn, or that has expired.
   * @param {number} id
   */
  hide(id) {
    this.#shown.get(id)?.bar.remove();
    this.#shown.delete(id);
  }

  /** @param {number} id */
  #dismissNow(id) {
    this.hide(id);
    this.#dismissed.add(id);
    this.#storage.setItem(DISMISSED, JSON.stringify([...this.#dismissed].slice(-MAX_DISMISSED)));
    this.#dismiss(id);
  }

  #removeExpired() {
    for (const [id, { expiresAt }] of this.#shown) if (expiresAt <= Date.now()) this.hide(id);
  }

  /** @param {Announcement} announcement */
  #makeBar(announcement) {
    const { id, level, at, private: isPrivate } = announcement;
    return make(
      "div",
      {
        class: `bar announcement ${level}`, role: level === "urgent" ? "alert" : "status", "data-id": id,
        title: at ? fullTime(at) : null,
      },
      make("span", { dir: isPrivate ? null : "auto", text: sentenceOf(announcement) }),
      make("button", {
        type: "button", class: "icon-button", "aria-label": gettext("Dismiss"), text: "✕", onclick: () => this.#dismissNow(id),
      }),
    );
  }
}

/**
 * Adds the buttons of a reminder, whose code loads late.
 * @param {HTMLElement} bar
 * @param {Announcement} announcement
 * @param {() => void} dismiss
 */
async function addReminderButtons(bar, announcement, dismiss) {
  const loaded = await import("./reminder-buttons.js").catch(() => null);
  if (loaded) bar.lastElementChild?.before(loaded.makeReminderButtons(announcement, dismiss));
}

/** @param {Announcement} announcement */
function sentenceOf({ text, reminder, private: isPrivate }) {
  if (reminder !== undefined) return gettext("Reminder: %(text)s", { text: isolate(text) });
  return isPrivate ? gettext("Only for you: %(text)s", { text: isolate(text) }) : text;
}

/**
 * @param {import("../connection/storage.js").KeyValueStorage} storage
 * @returns {number[]}
 */
function readIds(storage) {
  try {
    const ids = JSON.parse(storage.getItem(DISMISSED) ?? "[]");
    return Array.isArray(ids) ? ids.filter(Number.isSafeInteger) : [];
  } catch {
    return [];
  }
}
