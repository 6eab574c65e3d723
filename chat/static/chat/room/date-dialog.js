// @ts-check
// The dialog that asks for a day, and finds the first message from that day on. It must not scroll the list of
// messages: the caller does that.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, field } from "../ui/forms.js";
import { timeZone } from "../ui/format.js";
import { gettext } from "../ui/translation.js";

/**
 * @param {string} slug
 * @param {object} actions
 * @param {(id: number) => void} actions.jump shows the first message from this day on
 * @param {() => void} actions.showNewest shows the newest message, because none is from this day or later
 * @param {(sentence: string) => void} actions.notify shows a sentence to the person
 */
export function openDateDialog(slug, { jump, showNewest, notify }) {
  const today = localDay(new Date());
  const day = make("input", { id: "jump-day", type: "date", max: today, value: today, required: true });
  const error = new ErrorLine();
  const submit = make("button", { type: "submit", class: "button wide", text: gettext("Show this day") });
  const form = make("form", { novalidate: true }, field(gettext("Day"), day), error.element, submit);
  const dialog = openDialog(gettext("Jump to a day"), "date-dialog", form);
  day.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!day.value) {
      error.show(gettext("Enter a day."), day);
      return;
    }
    submit.disabled = true;
    /** @type {number | null} */
    let id = null;
    const query = new URLSearchParams({ at: day.value, zone: timeZone(), limit: "1" });
    const isDone = await error.guard(async () => { ({ id } = await call("GET", `/api/rooms/${slug}/messages/?${query}`)); });
    submit.disabled = false;
    if (!isDone) return;
    dialog.close();
    if (id !== null) {
      jump(id);
    } else {
      showNewest();
      notify(gettext("Nobody has written on this day or later."));
    }
  });
}

/** @param {Date} date */
function localDay(date) {
  const twoDigits = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}
