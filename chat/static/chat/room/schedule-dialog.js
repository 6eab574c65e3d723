// @ts-check
// The dialog "Send later": it schedules a message, and lists the scheduled messages. Times are in the person's time zone.
// Must not send: the outbox sends the message until the server answers.

import { call } from "../connection/api.js";
import { LONGEST_BODY } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { describeFiles } from "../ui/files.js";
import { openDialog } from "../ui/dialog.js";
import { translateDetail } from "../ui/error-sentences.js";
import { ErrorLine, confirmButton, field, smallButton } from "../ui/forms.js";
import { onClock } from "../ui/clock.js";
import { codePointLength, timeZone } from "../ui/format.js";
import { timeInWords } from "../ui/times.js";
import { gettext, ngettext, pgettext } from "../ui/translation.js";
import { HOUR_MS, SUGGESTIONS, toLocalInput } from "./schedule-times.js";

const LONGEST_MS = 365 * 24 * HOUR_MS;
// Without an answer after this time, the dialog says that there is no connection.
const OFFLINE_AFTER_MS = 2_000;

/** @typedef {import("../connection/wire.js").UploadedFile} UploadedFile */
/** @typedef {{ id: number, body: string, at: string, state: string, why?: string, files?: UploadedFile[], thread?: number }} ScheduledMessage */

/**
 * What the person has written, in the room or in a thread.
 * @typedef {object} Writing
 * @property {string} text
 * @property {UploadedFile[]} files the files that belong to the text
 * @property {boolean} isThread whether the message is a reply in a thread
 * @property {(body: string, at: string, files: UploadedFile[]) => string} send puts a message into the outbox, and returns its ref
 */

/** The parts of the dialog while it is open. */
class Parts {
  body = make("textarea", { id: "schedule-body", dir: "auto", rows: "3", required: true });
  time = make("input", {
    id: "schedule-time", type: "datetime-local", required: true, min: toLocalInput(new Date()),
    max: toLocalInput(new Date(Date.now() + LONGEST_MS)), value: toLocalInput(new Date(Date.now() + HOUR_MS)),
  });
  error = new ErrorLine("schedule-error");
  status = make("p", { class: "help", id: "schedule-status", role: "status" });
  submit = make("button", { type: "submit", class: "button wide", "data-action": "schedule", text: gettext("Send later") });
  list = make("ul", { class: "listing", id: "scheduled-messages", "aria-live": "polite" });
  /** The files that are sent with the message. @type {UploadedFile[]} */
  files = [];
  filesLine = make("p", { class: "help", id: "schedule-files", hidden: true });
}

export class ScheduleDialog {
  /** @type {string} */
  #slug;
  /** @type {Parts | null} */
  #parts = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {string | null} */
  #ref = null;

  /** @param {string} slug */
  constructor(slug) {
    this.#slug = slug;
  }

  /** @param {Writing} writing */
  open(writing) {
    const parts = new Parts();
    parts.body.value = writing.text;
    setFiles(parts, writing.files);
    this.#parts = parts;
    const waiting = make("section", {}, make("h3", { text: pgettext("heading of a list of messages", "Scheduled") }), parts.list);
    const dialog = openDialog(gettext("Send later"), "schedule-dialog", this.#makeForm(parts, writing), waiting);
    const closed = new AbortController();
    dialog.addEventListener("close", () => {
      this.#parts = null;
      closed.abort();
    });
    // Each tick of the clock loads the list again, because a message that was posted leaves the list.
    onClock(() => this.#refresh(parts), closed.signal);
    parts.body.focus();
    this.#refresh(parts);
  }

  /**
   * Prepares an open dialog for the next message, because the server has scheduled a message.
   * @param {string} ref
   */
  stored(ref) {
    if (!this.#parts || ref !== this.#ref) return;
    this.#parts.body.value = "";
    setFiles(this.#parts, []);
    this.#setSending(this.#parts, false);
    this.#refresh(this.#parts);
  }

  /**
   * Shows why the server has refused a message. Returns whether the dialog shows the message and the refusal.
   * @param {{ ref: string, detail: string }} rejected
   */
  refused({ ref, detail }) {
    if (!this.#parts || ref !== this.#ref) return false;
    this.#setSending(this.#parts, false);
    this.#parts.error.show(translateDetail(detail));
    return true;
  }

  /**
   * Disables the form while a message is being sent, and enables it afterwards.
   * @param {Parts} parts
   * @param {boolean} isSending
   */
  #setSending(parts, isSending) {
    parts.body.disabled = parts.submit.disabled = isSending;
    parts.status.textContent = "";
    clearTimeout(this.#timer);
    // A disabled field loses the keyboard's focus.
    if (!isSending) parts.body.focus();
    else this.#timer = setTimeout(() => showOffline(parts), OFFLINE_AFTER_MS);
  }

  /**
   * @param {Parts} parts
   * @param {Writing} writing
   */
  #makeForm(parts, { isThread, send }) {
    const suggestions = SUGGESTIONS.map(([text, moment]) => smallButton(null, text, () => {
      parts.time.value = toLocalInput(moment());
    }));
    const form = make(
      "form",
      { novalidate: true },
      field(gettext("Your message"), parts.body, isThread ? { help: gettext("It is posted in the thread.") } : {}),
      parts.filesLine,
      field(gettext("When"), parts.time, { help: gettext("In your own time zone (%(zone)s).", { zone: timeZone() }) }),
      make("p", { class: "choices" }, ...suggestions),
      parts.error.element,
      parts.submit,
      parts.status,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(parts, send);
    });
    return form;
  }

  /**
   * @param {Parts} parts
   * @param {Writing["send"]} send
   */
  #submit(parts, send) {
    const hasFiles = parts.files.length > 0;
    const problem = findProblem(parts.body.value, hasFiles, new Date(parts.time.value));
    const isAboutTime = (hasFiles || parts.body.value.trim() !== "") && codePointLength(parts.body.value.trim()) <= LONGEST_BODY;
    parts.error.show(problem, isAboutTime ? parts.time : parts.body);
    if (problem) return;
    this.#setSending(parts, true);
    this.#ref = send(parts.body.value, new Date(parts.time.value).toISOString(), parts.files);
  }

  /** @param {Parts} parts */
  #refresh(parts) {
    return parts.error.guard(async () => {
      const { scheduled } = await call("GET", this.#path());
      const items = scheduled.map((/** @type {ScheduledMessage} */ message) => this.#makeItem(parts, message));
      parts.list.replaceChildren(...items);
    });
  }

  /**
   * @param {Parts} parts
   * @param {ScheduledMessage} message
   */
  #makeItem(parts, { id, body, at, state, why, files, thread }) {
    const remove = () => this.#remove(parts, id);
    const button = state === "refused" ? smallButton("cancel-scheduled", pgettext("a scheduled message", "Dismiss"), remove)
      : confirmButton("cancel-scheduled", pgettext("a scheduled message", "Cancel"), gettext("Really cancel?"), remove);
    const time = timeInWords(at, "short");
    return make(
      "li",
      { "data-id": id, "data-state": state },
      make("div", { class: "between" }, time, button),
      make("p", { class: "scheduled-body", dir: "auto", text: body }),
      files && make("p", { class: "help", text: describeFiles(files) }),
      thread !== undefined && make("p", { class: "help", text: gettext("In a thread") }),
      why && make("p", { class: "errors", text: gettext("Not posted. %(reason)s", { reason: translateDetail(why) }) }),
    );
  }

  /**
   * @param {Parts} parts
   * @param {number} id
   */
  async #remove(parts, id) {
    const isDone = await parts.error.guard(() => call("DELETE", `${this.#path()}${id}/`));
    parts.body.focus();
    if (isDone) await this.#refresh(parts);
  }

  #path() {
    return `/api/rooms/${this.#slug}/scheduled/`;
  }
}

/** @param {Parts} parts */
function showOffline(parts) {
  parts.status.textContent = gettext("There is no connection. The message is saved, and is scheduled when you are connected again. You can close this dialog.");
}

/**
 * @param {Parts} parts
 * @param {UploadedFile[]} files
 */
function setFiles(parts, files) {
  parts.files = files;
  parts.filesLine.hidden = files.length === 0;
  parts.filesLine.textContent = files.length ? gettext("With the message: %(files)s", { files: describeFiles(files) }) : "";
}

/**
 * Returns what is wrong with a message or its time, or "".
 * @param {string} body
 * @param {boolean} hasFiles
 * @param {Date} moment
 */
function findProblem(body, hasFiles, moment) {
  const length = codePointLength(body.trim());
  const waitMs = moment.getTime() - Date.now();
  if (!length && !hasFiles) return gettext("Write a message first.");
  if (length > LONGEST_BODY) return describeExcess(length - LONGEST_BODY);
  if (Number.isNaN(waitMs)) return gettext("Choose a time.");
  if (waitMs <= 0) return gettext("This time is in the past.");
  if (waitMs > LONGEST_MS) return gettext("This time is more than a year away.");
  return "";
}

/** @param {number} count */
function describeExcess(count) {
  return ngettext("The message is %(count)s character too long.", "The message is %(count)s characters too long.", count);
}
