// The dialog in which somebody reports a message. Must not know how reports are decided.

import { call } from "../connection/api.js";
import { openDialog } from "../ui/dialog.js";
import { Complaint, field } from "../ui/forms.js";
import { excerpt } from "./message.js";
import { make } from "../ui/dom.js";

/** Asks for the reason and sends it; `say(sentence)` tells the person that it arrived. */
export function openReport(slug, message, say) {
  const reason = make("textarea", {
    id: "report-reason", maxlength: 500, required: true, "data-testid": "report-reason",
  });
  const complaint = new Complaint();
  const help = "The moderators of this room see this, and that you said it.";
  const form = make(
    "form", {},
    make("blockquote", { class: "reported", text: `${message.author.handle}: ${excerpt(message)}` }),
    field("What is wrong with it?", reason, { help }),
    complaint.element,
    make("button", { type: "submit", class: "button wide", "data-testid": "report-send", text: "Report" }),
  );
  const dialog = openDialog("Report this message", "report-dialog", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const path = `/api/rooms/${slug}/messages/${message.id}/reports/`;
    if (!(await complaint.guard(() => call("POST", path, { reason: reason.value })))) return;
    dialog.close();
    say("Thank you. The moderators will look at it.");
  });
  reason.focus();
}
