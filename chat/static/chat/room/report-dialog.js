// @ts-check
// The dialog in which a person reports a message. Must not know how reports are decided.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, field } from "../ui/forms.js";
import { gettext } from "../ui/translation.js";
import { quoteOf } from "./message.js";

/**
 * Asks for the reason, and sends the report.
 * @param {string} slug
 * @param {import("../connection/wire.js").Message} message
 * @param {(sentence: string) => void} notify tells the person that the report has arrived
 */
export function openReportDialog(slug, message, notify) {
  const reason = make("textarea", { id: "report-reason", dir: "auto", maxlength: 500, required: true });
  const error = new ErrorLine();
  const help = gettext("The moderators of this room see your reason and your name.");
  const form = make(
    "form", {},
    make("blockquote", { class: "reported", text: quoteOf(message) }),
    field(gettext("What is wrong with this message?"), reason, { help }),
    error.element,
    make("button", { type: "submit", class: "button wide", "data-action": "send-report", text: gettext("Report") }),
  );
  const dialog = openDialog(gettext("Report this message"), "report-dialog", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const path = `/api/rooms/${slug}/messages/${message.id}/reports/`;
    if (!(await error.guard(() => call("POST", path, { reason: reason.value })))) return;
    dialog.close();
    notify(gettext("Thank you. The moderators will check the message."));
  });
  reason.focus();
}
