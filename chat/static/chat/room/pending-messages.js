// @ts-check
// The messages that are not in the timeline yet, and refused changes. A message is grey until it is acknowledged, marked as
// waiting when the answer takes long, and shows the reason when it is refused.
// Must not send: the buttons "Try again" and "Discard" call the passed actions.

import { CLIENT_EVENT, REFUSAL } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { addErrorId } from "../ui/error-id.js";
import { translateDetail } from "../ui/error-sentences.js";
import { avatar, guestMark, icon } from "../ui/pictures.js";
import { gettext, ngettext, pgettext } from "../ui/translation.js";
import { isPosting, lineOf } from "./command-lines.js";

/** @type {Record<string, string>} */
const REASONS = {
  [REFUSAL.MUTED]: gettext("You are muted in this room."),
  [REFUSAL.FORBIDDEN]: gettext("You do not have permission to do this."),
  [REFUSAL.TOO_LONG]: gettext("The message is too long."),
  [REFUSAL.EMPTY]: gettext("The message is empty."),
  [REFUSAL.NOT_FOUND]: gettext("The message that you replied to or edited, or a file of the message, does not exist any longer."),
  [REFUSAL.INVALID_FIELD]: gettext("The message contains something that cannot be sent."),
  [REFUSAL.REF_CONFLICT]: gettext("The message could not be sent. Try again."),
  [REFUSAL.REF_EXPIRED]: gettext("The server never answered. See whether the message arrived before you try again."),
  [REFUSAL.INTERNAL]: gettext("An error occurred on the server. Try again later."),
};

// After this time without an answer, a message is shown as waiting.
const WAITING_AFTER_MS = 6_000;

/** @type {Record<string, string>} */
const STATES = {
  failed: pgettext("a message", "Not sent"), waiting: pgettext("a message", "Not sent yet"), pending: pgettext("a message", "sending…"),
};

/** @typedef {import("../connection/outbox.js").Entry} Entry */

/**
 * @typedef {object} Actions
 * @property {(ref: string) => void} retry sends a refused change again
 * @property {(ref: string) => void} discard
 * @property {() => void} reconnect checks the connection, so that the waiting changes are sent
 */

/**
 * Returns a sentence that says why the server refused a change.
 * @param {string} code
 * @param {string} detail the server's own sentence, for a code that this client does not know
 * @param {string} [id] the id of a failure in the server's log
 */
export function reasonFor(code, detail, id) {
  return addErrorId(REASONS[code] ?? (translateDetail(detail) || gettext("The server rejected this change.")), id);
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
   * The time at which each ref was first shown, in milliseconds since 1970.
   * @type {Map<string, number>}
   */
  #shownAt = new Map();
  /** @type {() => void} */
  #showAgain = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

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
    for (const { event, ref } of entries) if (event.type === CLIENT_EVENT.COMMAND && !this.#shownAt.has(ref)) this.#shownAt.set(ref, Date.now());
    const shown = entries.filter((entry) => this.#isShown(entry) && !isDrawn(entry.ref));
    const refs = new Set(shown.map(({ ref }) => ref));
    for (const ref of this.#items.keys()) if (!refs.has(ref) && !this.#acknowledged.has(ref)) this.drop(ref);
    for (const entry of shown) this.#draw(entry);
    this.#showAgain = () => this.show(entries, isDrawn);
    this.#schedule(shown);
  }

  /**
   * Returns whether an entry is shown. A command that posts no message is shown only if its answer takes long.
   * @param {Entry} entry
   */
  #isShown(entry) {
    const { event, failed } = entry;
    if (failed || event.type === CLIENT_EVENT.POST) return true;
    return event.type === CLIENT_EVENT.COMMAND && (isPosting(event.name) || this.#stateOf(entry) === "waiting");
  }

  /** Stops the timer, because the room leaves the page. */
  suspend() {
    clearTimeout(this.#timer);
  }

  /**
   * Draws the messages again when the next of them begins to wait.
   * @param {Entry[]} shown
   */
  #schedule(shown) {
    clearTimeout(this.#timer);
    const times = shown.filter((entry) => this.#stateOf(entry) === "pending")
      .map(({ ref }) => (this.#shownAt.get(ref) ?? 0) + WAITING_AFTER_MS - Date.now());
    if (times.length) this.#timer = setTimeout(() => this.#showAgain(), Math.max(0, Math.min(...times)) + 1);
  }

  /** @param {Entry} entry */
  #stateOf({ ref, failed }) {
    if (failed) return "failed";
    return Date.now() - (this.#shownAt.get(ref) ?? Date.now()) >= WAITING_AFTER_MS ? "waiting" : "pending";
  }

  /**
   * Shows that the server has stored a message. The pending item stays until the message itself arrives.
   * @param {string} ref
   */
  acknowledge(ref) {
    const item = this.#items.get(ref);
    if (!item) return;
    this.#acknowledged.add(ref);
    item.classList.remove("pending", "waiting");
    item.querySelector(".failure")?.remove();
    item.dataset.state = "stored";
  }

  /** @param {string} ref */
  drop(ref) {
    this.#items.get(ref)?.remove();
    this.#items.delete(ref);
    this.#acknowledged.delete(ref);
    this.#shownAt.delete(ref);
  }

  dropAcknowledged() {
    for (const ref of [...this.#acknowledged]) this.drop(ref);
  }

  /** @param {Entry} entry */
  #draw(entry) {
    if (!this.#shownAt.has(entry.ref)) this.#shownAt.set(entry.ref, Date.now());
    const state = this.#stateOf(entry);
    const old = this.#items.get(entry.ref);
    if (old?.dataset.state === state && old.dataset.sent === String(entry.isSent)) return;
    const item = this.#makeItem(entry, state);
    item.dataset.sent = String(entry.isSent);
    if (old) old.replaceWith(item);
    else this.#list.append(item);
    this.#items.set(entry.ref, item);
  }

  /**
   * @param {Entry} entry
   * @param {string} state
   */
  #makeItem(entry, state) {
    const { ref, event } = entry;
    const item = make("li", { class: `message own ${state}`, "data-ref": ref, "data-state": state });
    const header = make(
      "header", { class: "meta" },
      make("b", { class: "author", dir: "auto", text: this.#handle }),
      guestMark(this.#isGuest()),
      make("span", { class: "state", text: STATES[state] }),
      event.type === CLIENT_EVENT.EDIT && make("span", { class: "state", text: gettext("(an edit)") }),
      event.type === CLIENT_EVENT.SCHEDULE && make("span", { class: "state", text: gettext("(a scheduled message)") }),
    );
    const text = event.type === CLIENT_EVENT.COMMAND ? lineOf(/** @type {any} */ (event)) : event.body;
    const body = make("div", { class: "body plain", dir: "auto", text });
    const files = event.files?.length && make("p", { class: "pending-files" }, icon("attach"), ngettext("%(count)s file", "%(count)s files", event.files.length));
    const content = make("div", { class: "content" }, header, body, files || null, this.#makeExplanation(entry, state));
    item.append(make("article", { class: "row" }, avatar(this.#handle), content));
    return item;
  }

  /**
   * Makes the line that says why a message is not sent, with the person's choices. Returns null while it is being sent.
   * @param {Entry} entry
   * @param {string} state
   */
  #makeExplanation({ ref, event, failed, isSent }, state) {
    if (state === "pending") return null;
    const { retry, reconnect, discard } = this.#actions;
    // For these two kinds, the server's sentence says more than the general sentences do.
    const isExplained = event.type === CLIENT_EVENT.SCHEDULE || event.type === CLIENT_EVENT.COMMAND;
    const reason = failed && (isExplained && failed.detail ? translateDetail(failed.detail) : reasonFor(failed.code, failed.detail, failed.id));
    // A message that the server may have stored can no longer be discarded.
    const waitingSentence = isSent ? gettext("The server has not answered yet. The message is sent again until it answers.")
      : gettext("It is kept here, and is sent when you are connected.");
    return make(
      "p",
      { class: "failure", role: failed ? "alert" : "status" },
      make("span", { text: reason ?? waitingSentence }),
      makeChoice("retry", gettext("Try again"), () => (failed ? retry(ref) : reconnect())),
      failed || !isSent ? makeChoice("discard", pgettext("a message", "Discard"), () => discard(ref)) : null,
    );
  }
}

/**
 * @param {string} action
 * @param {string} text
 * @param {() => void} act
 */
function makeChoice(action, text, act) {
  return make("button", { type: "button", class: "link", "data-action": action, text, onclick: act });
}
