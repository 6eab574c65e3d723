// @ts-check
// The dialog in which a person leaves a private room. Must not decide who may leave: the server does.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine } from "../ui/forms.js";

/** @param {string} slug */
export function openLeaveDialog(slug) {
  const button = make("button", { type: "button", class: "button bad wide", id: "leave-room", text: "Leave the room" });
  const error = new ErrorLine();
  const warning = make("p", { class: "lead", text: "To return, you need a new invitation link." });
  openDialog("Leave this room?", "leave-dialog", warning, error.element, button);
  button.addEventListener("click", async () => {
    if (await error.guard(() => call("DELETE", `/api/rooms/${slug}/membership/`))) location.assign("/");
  });
}
