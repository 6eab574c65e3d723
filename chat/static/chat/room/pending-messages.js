// @ts-check
// The messages that are not in the timeline yet: grey until they are acknowledged, with a reason when they are refused.
// Must not send: the buttons "Try again" and "Discard" call the passed actions.

import { CLIENT_EVENT, REFUSAL } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { avatar, guestMark } from "../ui/pictures.js";

/** @type {Record<string, string>} */
const REASONS = {
  [REFUSAL.MUTED]: "You are muted in this room.",
  [REFUSAL.FORBIDDEN]: "You do not have permission to do this.",
  [REFUSAL.TOO_LONG]: "The message is too long.",
  [REFUSAL.EMPTY]: "The message is empty.",
  [REFUSAL.NOT_FOUND]: "The message that you replied to or edited does not exist.",
  [REFUSAL.INVALID_FIELD]: "The message contains something that cannot be sent.",
  [REFUSAL.REF_CONFLICT]: "The message could not be sent. Try again.",
  [REFUSAL.INTERNAL]: "An error occurred on the server. Try again later.",
};

/** @typedef {import("../connection/outbox.js").Entry} Entry */
/** @typedef {{ retry: (ref: string) => void, discard: (ref: string) => void }} Actions */

/**
 * Returns a sentence that says why the server refused a change.
 * @param {string} code
 * @param {string} detail the server's own sentence, for a code that this client does not know
 */
export function reasonFor(code, detail) {
  return REASONS[code] ?? (detail || "The server rejected this change.");
}

export class PendingMessages {
  /** @type {HTMLElement} */
  #list;
  /** @type {string} */
  #handle;
  /** @type {() => boolean} */
  #isGuest;
  /** @type {Actions} */
  #actions;
  /** @type {Map<string, HTMLElement>} */
  #items = new Map();
  /**
   * The refs that are acknowledged, but whose messages have not arrived.
   * @type {Set<string>}
   */
  #acknowledged = new Set();

  /**
   * @param {HTMLElement} list
   * @param {string} handle
   * @param {Actions & { isGuest: () => boolean }} actions
   */
  constructor(list, handle, { isGuest, ...actions }) {
    this.#list = list;
    this.#handle = handle;
    this.#isGuest = isGuest;
    this.#actions = actions;
  }

  /**
   * @param {Entry[]} entries the socket's pending changes
   * @param {(ref: string) => boolean} isDrawn returns whether the timeline already shows the message
   */
  show(entries, isDrawn) {
    const shown = entries.filter(({ event, failed, ref }) => (
      (event.type === CLIENT_EVENT.POST || failed) && !isDrawn(ref)
    ));
    const refs = new Set(shown.map(({ ref }) => ref));
    for (const ref of this.#items.keys()) if (!refs.has(ref) && !this.#acknowledged.has(ref)) this.drop(ref);
    for (const entry of shown) this.#draw(entry);
  }

  /**
   * Shows that the server has stored a message. The pending item stays until the message itself arrives.
   * @param {string} ref
   */
  acknowledge(ref) {
    const item = this.#items.get(ref);
    if (!item) return;
    this.#acknowledged.add(ref);
    item.classList.remove("pending");
    item.dataset.state = "stored";
  }

  /** @param {string} ref */
  drop(ref) {
    this.#items.get(ref)?.remove();
    this.#items.delete(ref);
    this.#acknowledged.delete(ref);
  }

  dropAcknowledged() {
    for (const ref of [...this.#acknowledged]) this.drop(ref);
  }

  /** @param {Entry} entry */
  #draw(entry) {
    const state = entry.failed ? "failed" : "pending";
    const old = this.#items.get(entry.ref);
    if (old?.dataset.state === state) return;
    const item = this.#makeItem(entry, state);
    if (old) old.replaceWith(item);
    else this.#list.append(item);
    this.#items.set(entry.ref, item);
  }

  /**
   * @param {Entry} entry
   * @param {string} state
   */
  #makeItem({ ref, event, failed }, state) {
    const item = make("li", { class: `message own ${state}`, "data-ref": ref, "data-state": state });
    const header = make(
      "header", { class: "meta" },
      make("b", { class: "author", dir: "auto", text: this.#handle }),
      guestMark(this.#isGuest()),
      make("span", { class: "state", text: failed ? "Not sent" : "sending…" }),
      event.type === CLIENT_EVENT.EDIT && make("span", { class: "state", text: "(an edit)" }),
      event.type === CLIENT_EVENT.SCHEDULE && make("span", { class: "state", text: "(a scheduled message)" }),
    );
    const body = make("div", { class: "body plain", dir: "auto", text: event.body });
    const content = make("div", { class: "content" }, header, body, failed && this.#makeFailure(ref, failed, event));
    item.append(make("article", { class: "row" }, avatar(this.#handle), content));
    return item;
  }

  /**
   * @param {string} ref
   * @param {import("../connection/outbox.js").Failure} failed
   * @param {import("../connection/wire.js").WireEvent} event
   */
  #makeFailure(ref, failed, event) {
    const retry = () => this.#actions.retry(ref);
    const discard = () => this.#actions.discard(ref);
    const isScheduled = event.type === CLIENT_EVENT.SCHEDULE;
    return make(
      "p",
      { class: "failure", role: "alert" },
      make("span", { text: isScheduled ? failed.detail : reasonFor(failed.code, failed.detail) }),
      make("button", { type: "button", class: "link", "data-action": "retry", text: "Try again", onclick: retry }),
      make("button", { type: "button", class: "link", "data-action": "discard", text: "Discard", onclick: discard }),
    );
  }
}
