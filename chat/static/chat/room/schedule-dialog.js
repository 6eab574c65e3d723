// "Send later": a dialog that writes a message for a later time, and lists what waits. Times are the person's own.
// Must not send by itself: the socket's outbox does, again and again until it is answered.

import { call } from "../connection/api.js";
import { openDialog } from "../ui/dialog.js";
import { Complaint, field, plainButton, sureButton } from "../ui/forms.js";
import { fullTime, make, shortTime } from "../ui/dom.js";
import { LONGEST_BODY, lengthOf } from "../connection/room-socket.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_MS = 365 * 24 * HOUR_MS;
const MORNING_HOUR = 9;
// An answer takes less, but where there is no connection.
const PATIENCE_MS = 2_000;

/** A moment as <input type="datetime-local"> has it: in the person's own time zone, to the minute. */
function localText(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * MINUTE_MS);
  return shifted.toISOString().slice(0, 16);
}

function inAnHour() {
  return new Date(Date.now() + HOUR_MS);
}

function tomorrowMorning() {
  const moment = new Date();
  moment.setDate(moment.getDate() + 1);
  moment.setHours(MORNING_HOUR, 0, 0, 0);
  return moment;
}

function nextMonday() {
  const moment = tomorrowMorning();
  while (moment.getDay() !== 1) moment.setDate(moment.getDate() + 1);
  return moment;
}

const CHOICES = [["In an hour", inAnHour], ["Tomorrow morning", tomorrowMorning], ["Monday morning", nextMonday]];

export class Schedule {
  #slug;
  #send;
  #dialog = null;
  #body;
  #time;
  #complaint;
  #list;
  #submitButton;
  #status;
  #timer = null;
  #ref = null;

  /** `send(body, at)` puts it into the outbox, and returns its ref. */
  constructor(slug, send) {
    this.#slug = slug;
    this.#send = send;
  }

  open() {
    this.#body = make("textarea", { id: "schedule-body", rows: "3", required: true, "data-testid": "schedule-body" });
    this.#time = make("input", {
      id: "schedule-time", type: "datetime-local", required: true, "data-testid": "schedule-time",
      min: localText(new Date()), max: localText(new Date(Date.now() + LONGEST_MS)), value: localText(inAnHour()),
    });
    this.#complaint = new Complaint("schedule-error");
    this.#status = make("p", { class: "help", role: "status", "data-testid": "schedule-status" });
    this.#submitButton = make("button", {
      type: "submit", class: "button wide", "data-testid": "schedule-send", text: "Send later",
    });
    this.#list = make("ul", { class: "listing", "data-testid": "scheduled", "aria-live": "polite" });
    const waiting = make("section", {}, make("h3", { text: "Waiting" }), this.#list);
    this.#dialog = openDialog("Send later", "schedule-dialog", this.#form(), waiting);
    this.#dialog.addEventListener("close", () => { this.#dialog = null; });
    this.#body.focus();
    this.#refresh();
  }

  /** It is stored: the dialog, if it is still open, is ready for the next. Returns the sentence that says so. */
  stored({ ref, event }) {
    if (this.#dialog && ref === this.#ref) {
      this.#body.value = "";
      this.#hold(false);
      this.#refresh();
    }
    return `Your message will be posted: ${shortTime(event.at)}.`;
  }

  /** It was refused for good: what was written stays where it was. Returns whether the dialog says so. */
  refused({ ref, detail }) {
    if (!this.#dialog || ref !== this.#ref) return false;
    this.#hold(false);
    this.#complaint.say(detail);
    return true;
  }

  /** While it is on its way, nothing of it can be changed. */
  #hold(isSending) {
    this.#body.disabled = this.#submitButton.disabled = isSending;
    this.#status.textContent = "";
    clearTimeout(this.#timer);
    // What is disabled loses the keyboard's focus.
    if (!isSending) this.#body.focus();
    else this.#timer = setTimeout(() => this.#admitWaiting(), PATIENCE_MS);
  }

  #admitWaiting() {
    this.#status.textContent = "No connection for now. It is kept, and goes out by itself; you can close this.";
  }

  #form() {
    const choices = CHOICES.map(([text, moment]) => plainButton(null, text, () => {
      this.#time.value = localText(moment());
    }));
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const form = make(
      "form",
      { "data-testid": "schedule-form", novalidate: true },
      field("Your message", this.#body),
      field("When", this.#time, { help: `In your own time (${zone}).` }),
      make("p", { class: "choices" }, ...choices),
      this.#complaint.element,
      this.#submitButton,
      this.#status,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    return form;
  }

  #submit() {
    const trouble = this.#trouble();
    this.#complaint.say(trouble);
    if (trouble) return;
    this.#hold(true);
    this.#ref = this.#send(this.#body.value, new Date(this.#time.value).toISOString());
  }

  #trouble() {
    const length = lengthOf(this.#body.value.trim());
    if (!length) return "Write something first.";
    if (length > LONGEST_BODY) return `That is ${length - LONGEST_BODY} characters too long.`;
    const moment = new Date(this.#time.value);
    if (Number.isNaN(moment.getTime())) return "Say when.";
    if (moment <= new Date()) return "That time has passed.";
    if (moment - Date.now() > LONGEST_MS) return "That is more than a year away.";
    return "";
  }

  #refresh() {
    return this.#complaint.guard(async () => {
      const { scheduled } = await call("GET", this.#path());
      this.#list.replaceChildren(...scheduled.map((entry) => this.#item(entry)));
    });
  }

  #item({ id, body, at, state, why }) {
    const cancel = state === "refused" ? plainButton("schedule-cancel", "Dismiss", () => this.#cancel(id))
      : sureButton("schedule-cancel", "Cancel", "Really cancel?", () => this.#cancel(id));
    const time = make("time", { datetime: at, title: fullTime(at), text: shortTime(at) });
    return make(
      "li",
      { "data-testid": "scheduled-message", "data-id": id, "data-state": state },
      make("div", { class: "between" }, time, cancel),
      make("p", { class: "waiting-body", text: body }),
      why ? make("p", { class: "errors", text: `Not posted. ${why}` }) : null,
    );
  }

  async #cancel(id) {
    const isDone = await this.#complaint.guard(() => call("DELETE", `${this.#path()}${id}/`));
    this.#body.focus();
    if (isDone) await this.#refresh();
  }

  #path() {
    return `/api/rooms/${this.#slug}/scheduled/`;
  }
}
