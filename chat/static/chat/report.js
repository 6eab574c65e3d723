// The dialog in which somebody reports a message. Must not know how reports are decided.

import { call } from "./api.js";
import { openDialog } from "./dialog.js";
import { excerpt } from "./message.js";
import { make } from "./page.js";

/** Asks for the reason and sends it; `say(sentence)` tells the person that it arrived. */
export function openReport(slug, message, say) {
  const reason = make("textarea", {
    id: "report-reason", maxlength: 500, required: true, "data-testid": "report-reason", "aria-describedby": "report-help",
  });
  const error = make("p", { class: "errors", role: "alert", hidden: true });
  const form = make(
    "form", {},
    make("blockquote", { class: "reported", text: `${message.author.handle}: ${excerpt(message)}` }),
    make("div", { class: "field" },
      make("label", { for: "report-reason", text: "What is wrong with it?" }),
      reason,
      make("p", { class: "help", id: "report-help", text: "The moderators of this room see this, and that you said it." })),
    error,
    make("button", { type: "submit", class: "button wide", "data-testid": "report-send", text: "Report" }),
  );
  const dialog = openDialog("Report this message", "report-dialog", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await call("POST", `/api/rooms/${slug}/messages/${message.id}/reports/`, { reason: reason.value });
      dialog.close();
      say("Thank you. The moderators will look at it.");
    } catch (refusal) {
      error.textContent = refusal.message;
      error.hidden = false;
    }
  });
  reason.focus();
}
