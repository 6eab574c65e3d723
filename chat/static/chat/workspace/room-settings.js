// @ts-check
// The dialog in which an owner renames a room, sets its topic, archives it or deletes it.
// Must not decide who may do that: the server does.

import { call } from "../connection/api.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { ErrorLine, confirmWithSecondClick, field } from "../ui/forms.js";

/**
 * @typedef {object} Options
 * @property {string} slug
 * @property {string} name
 * @property {string} topic
 * @property {(fields: { name: string, topic: string }) => void} changed
 * @property {() => void} deleted
 */

/** @param {Options} options */
export function openRoomSettings({ slug, name: oldName, topic: oldTopic, changed, deleted }) {
  const path = `/api/rooms/${slug}/`;
  const name = make("input", { id: "settings-name", dir: "auto", maxlength: 80, autocomplete: "off", value: oldName });
  const topic = make("textarea", { id: "settings-topic", dir: "auto", maxlength: 500, rows: 2, text: oldTopic });
  const error = new ErrorLine();
  const form = make(
    "form", { novalidate: true },
    field("Name", name),
    field("Topic", topic, { isOptional: true }),
    error.element,
    make("button", { type: "submit", class: "button wide", text: "Save" }),
  );
  const remove = confirmWithSecondClick(
    make("button", { type: "button", class: "button bad wide", "data-action": "delete-room", text: "Delete this room" }),
    "Really delete the room and all its messages?",
    async () => {
      if (!(await error.guard(() => call("DELETE", path)))) return;
      dialog.close();
      deleted();
    },
  );
  const danger = make("section", {}, make("h3", { text: "Danger" }), make("p", { class: "help", text: "A deleted room cannot be restored." }), remove);
  const dialog = openDialog("Room settings", "room-settings-dialog", form, danger);
  name.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = { name: name.value.trim(), topic: topic.value.replace(/\s+/g, " ").trim() };
    if (!(await error.guard(() => call("PUT", path, fields)))) return;
    dialog.close();
    changed(fields);
  });
}
