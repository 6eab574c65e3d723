// @ts-check
// The view of the panel that lists the person's reminders, and deletes them. Must not make reminders.

import { call } from "../connection/api.js";
import { onClock } from "../ui/clock.js";
import { make } from "../ui/dom.js";
import { translateDetail } from "../ui/error-sentences.js";
import { ErrorLine, confirmButton } from "../ui/forms.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, pgettext } from "../ui/translation.js";

// The words of the command are the same in every language.
const EXAMPLE = "/remind me in 20 minutes to call Bob";

/**
 * @typedef {object} Reminder
 * @property {number} id
 * @property {string} text
 * @property {string} at ISO 8601, UTC
 * @property {boolean} private
 * @property {{ slug: string, name: string } | null} room
 * @property {number | null} message the id of the message that it is about
 * @property {string} state
 * @property {string | null} why the reason why it could not be sent; null if it was not refused
 */

export class RemindersView {
  #shown = new AbortController();
  #error = new ErrorLine();
  #note = make("p", { class: "results-note", role: "status", text: gettext("Loading…") });
  #list = make("ol", { class: "results reminders", "aria-label": gettext("Reminders") });
  element = make(
    "div", { class: "panel-view" },
    make("p", { class: "results-note", text: gettext("Choose “Remind me about this” among the actions of a message, or write a command:") }),
    make("code", { class: "reminders-example", dir: "ltr", text: EXAMPLE }),
    this.#error.element, this.#note, this.#list,
  );

  show() {
    this.#shown = new AbortController();
    // Each tick of the clock loads the list again, because a reminder that was sent leaves the list.
    onClock(() => this.#load(), this.#shown.signal);
    this.#load();
  }

  hide() {
    this.#shown.abort();
  }

  roomChanged() {
    // The list is the same in every room.
  }

  #load() {
    return this.#error.guard(async () => {
      const { reminders } = await call("GET", "/api/reminders/");
      this.#list.replaceChildren(...reminders.map((/** @type {Reminder} */ reminder) => this.#makeItem(reminder)));
      this.#note.textContent = reminders.length ? "" : gettext("You have no reminders.");
    });
  }

  /** @param {Reminder} reminder */
  #makeItem(reminder) {
    const { id, at, why } = reminder;
    const remove = confirmButton("delete-reminder", pgettext("a reminder", "Delete"), gettext("Really delete?"), () => this.#remove(id));
    return make(
      "li", { "data-id": id },
      make(
        "div", { class: "reminder" },
        make("span", { class: "result-head" }, timeInWords(at, "short"), makePlace(reminder)),
        makeText(reminder),
        why && make("span", { class: "errors", text: gettext("Not sent. %(reason)s", { reason: translateDetail(why) }) }),
      ),
      remove,
    );
  }

  /** @param {number} id */
  async #remove(id) {
    const isDone = await this.#error.guard(() => call("DELETE", `/api/reminders/${id}/`));
    /** @type {HTMLElement | null} */ (this.element.closest("[role=tabpanel]"))?.focus();
    if (isDone) await this.#load();
  }
}

/** @param {Reminder} reminder */
function makePlace({ room, private: isPrivate }) {
  if (!room) return null;
  const sentence = isPrivate ? gettext("in %(room)s") : gettext("for everybody in %(room)s");
  return make("span", { class: "result-room" }, ...fillSentence(sentence, { room: make("bdi", { text: room.name }) }));
}

/** @param {Reminder} reminder */
function makeText({ text, room, message }) {
  if (!room || message === null) return make("span", { class: "result-text", dir: "auto", text });
  return make("a", { class: "link", href: `/rooms/${room.slug}/#message-${message}`, text: gettext("Show the message") });
}
