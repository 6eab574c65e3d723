// @ts-check
// The dialog that asks when to remind the person of a message. Must not send: the outbox does.

import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, field } from "../ui/forms.js";
import { shortTime, timeZone } from "../ui/format.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";
import { HOUR_MS, nextMondayMorning, toLocalInput, tomorrowMorning } from "./schedule-times.js";

/** @type {[name: string, text: string, moment: () => Date][]} */
const CHOICES = [
  ["20-minutes", gettext("In 20 minutes"), () => new Date(Date.now() + HOUR_MS / 3)],
  ["hour", gettext("In an hour"), () => new Date(Date.now() + HOUR_MS)],
  ["3-hours", gettext("In 3 hours"), () => new Date(Date.now() + 3 * HOUR_MS)],
  ["tomorrow", gettext("Tomorrow morning"), tomorrowMorning],
  ["monday", gettext("Monday morning"), nextMondayMorning],
];

/** @param {(at: string) => void} remind is called with a time (ISO 8601, UTC) after the dialog has closed */
export function openRemindDialog(remind) {
  loadLateStyles();
  const choose = (/** @type {Date} */ moment) => {
    dialog.close();
    remind(moment.toISOString());
  };
  const buttons = CHOICES.map(([name, text, moment]) => make(
    "button", { type: "button", "data-remind": name, onclick: () => choose(moment()) },
    make("span", { text }), make("small", { class: "help", text: shortTime(moment()) }),
  ));
  const time = make("input", {
    id: "remind-time", type: "datetime-local", required: true, min: toLocalInput(new Date()), value: toLocalInput(tomorrowMorning()),
  });
  const error = new ErrorLine();
  const form = make(
    "form", { novalidate: true },
    field(gettext("Another time"), time, { help: gettext("In your own time zone (%(zone)s).", { zone: timeZone() }) }),
    error.element,
    make("button", { class: "button wide", "data-action": "remind", text: gettext("Remind me") }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const moment = new Date(time.value);
    if (Number.isNaN(moment.getTime())) error.show(gettext("Choose a time."), time);
    else if (moment.getTime() <= Date.now()) error.show(gettext("This time is in the past."), time);
    else choose(moment);
  });
  const dialog = openDialog(gettext("Remind me about this"), "remind-dialog", make("div", { class: "sheet-choices" }, ...buttons), form);
  buttons[0].focus();
}
