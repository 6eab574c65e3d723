// "Send later": a dialog that writes a message for a later time, and lists what waits. Times are the person's own.
// Must not send by itself: the socket's outbox does, again and again until it is answered.

import { Refusal, call } from "./api.js";
import { openDialog } from "./dialog.js";
import { clockTime, dayName, fullTime, make } from "./page.js";
import { LONGEST_BODY, lengthOf } from "./socket.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_MS = 365 * 24 * HOUR_MS;
const MORNING_HOUR = 9;

/** A moment as <input type="datetime-local"> has it: in the person's own time zone, to the minute. */
export function localText(moment) {
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
  #error;
  #list;
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
    this.#error = make("p", { class: "errors", role: "alert", "data-testid": "schedule-error", hidden: true });
    this.#list = make("ul", { class: "waiting", "data-testid": "scheduled", "aria-label": "Waiting", "aria-live": "polite" });
    this.#dialog = openDialog("Send later", "schedule-dialog", this.#form(), this.#list);
    this.#dialog.addEventListener("close", () => { this.#dialog = null; });
    this.#body.focus();
    this.#refresh();
  }

  /** It is stored: the dialog, if it is still open, is ready for the next. Returns the sentence that says so. */
  stored({ ref, event }) {
    if (this.#dialog && ref === this.#ref) {
      this.#body.value = "";
      this.#body.disabled = false;
      this.#refresh();
    }
    return `Your message will be posted: ${dayName(event.at)}, ${clockTime(event.at)}.`;
  }

  /** It was refused for good: what was written stays where it was. Returns whether the dialog says so. */
  refused({ ref, detail }) {
    if (!this.#dialog || ref !== this.#ref) return false;
    this.#body.disabled = false;
    this.#complain(detail);
    return true;
  }

  #form() {
    const choices = CHOICES.map(([text, moment]) => make("button", {
      type: "button", class: "button quiet small", text, onclick: () => { this.#time.value = localText(moment()); },
    }));
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const form = make(
      "form",
      { "data-testid": "schedule-form", novalidate: true },
      make("div", { class: "field" }, make("label", { for: "schedule-body", text: "Your message" }), this.#body),
      make(
        "div",
        { class: "field" },
        make("label", { for: "schedule-time", text: "When" }),
        this.#time,
        make("p", { class: "help", text: `In your own time (${zone}).` }),
        make("p", { class: "choices" }, ...choices),
      ),
      this.#error,
      make("button", { type: "submit", class: "button", "data-testid": "schedule-send", text: "Send later" }),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    return form;
  }

  #submit() {
    const trouble = this.#trouble();
    this.#complain(trouble);
    if (trouble) return;
    this.#body.disabled = true;
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

  #complain(sentence) {
    this.#error.textContent = sentence;
    this.#error.hidden = !sentence;
  }

  async #refresh() {
    try {
      const { scheduled } = await call("GET", this.#path());
      this.#list.replaceChildren(...scheduled.map((entry) => this.#item(entry)));
    } catch (error) {
      this.#say(error);
    }
  }

  #item({ id, body, at, state, why }) {
    const cancel = make("button", {
      type: "button", class: "link", "data-testid": "schedule-cancel", text: state === "refused" ? "Put away" : "Cancel",
      onclick: () => this.#cancel(id),
    });
    const time = make("time", { datetime: at, title: fullTime(at), text: `${dayName(at)}, ${clockTime(at)}` });
    return make(
      "li",
      { "data-testid": "scheduled-message", "data-id": id, "data-state": state },
      make("p", { class: "waiting-head" }, time, cancel),
      make("p", { class: "waiting-body", text: body }),
      why ? make("p", { class: "errors", text: `Not posted. ${why}` }) : null,
    );
  }

  async #cancel(id) {
    try {
      await call("DELETE", `${this.#path()}${id}/`);
    } catch (error) {
      this.#say(error);
    }
    await this.#refresh();
  }

  #say(error) {
    if (!(error instanceof Refusal)) throw error;
    this.#complain(error.message);
  }

  #path() {
    return `/api/rooms/${this.#slug}/scheduled/`;
  }
}
