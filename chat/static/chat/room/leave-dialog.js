// @ts-check
// The dialog in which a person leaves a room. Must not decide who may leave: the server does.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine } from "../ui/forms.js";
import { gettext } from "../ui/translation.js";

/**
 * @param {string} slug
 * @param {object} [options]
 * @param {boolean} [options.isPublic]
 * @param {() => void} [options.left] is called when the person has left; without it, the page shows the list of all rooms
 */
export function openLeaveDialog(slug, { isPublic = false, left = () => location.assign("/") } = {}) {
  const button = make("button", { type: "button", class: "button bad wide", id: "leave-room", text: gettext("Leave the room") });
  const error = new ErrorLine();
  const sentence = isPublic ? gettext("You can return at any time.") : gettext("To return, you need a new invitation link.");
  const warning = make("p", { class: "lead", text: sentence });
  const dialog = openDialog(gettext("Leave this room?"), "leave-dialog", warning, error.element, button);
  button.addEventListener("click", async () => {
    if (!(await error.guard(() => call("DELETE", `/api/rooms/${slug}/membership/`)))) return;
    dialog.close();
    left();
  });
}
