// @ts-check
// The link to what a reminder is about, and the button that asks for the reminder again. Must not show the reminder:
// announcements.js does.

import { asApiError, call } from "../connection/api.js";
import { make } from "./dom.js";
import { loadLateStyles } from "./late-styles.js";
import { gettext } from "./translation.js";

const AGAIN_MS = 20 * 60_000;

/**
 * @param {import("./announcements.js").Announcement} announcement
 * @param {() => void} dismiss is called when the reminder will come again
 */
export function makeReminderButtons({ reminder, link }, dismiss) {
  loadLateStyles();
  const again = make("button", { type: "button", class: "link", "data-action": "remind-again", text: gettext("Again in 20 minutes") });
  again.addEventListener("click", async () => {
    again.disabled = true;
    try {
      await call("PUT", `/api/reminders/${reminder}/`, { at: new Date(Date.now() + AGAIN_MS).toISOString() });
      dismiss();
    } catch (error) {
      again.disabled = false;
      again.textContent = asApiError(error).message;
    }
  });
  return make("span", { class: "reminder-buttons" }, link ? make("a", { class: "link", href: link, text: gettext("Show") }) : null, again);
}
