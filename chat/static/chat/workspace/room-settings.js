// @ts-check
// The dialog in which an owner renames a room, sets its topic and who may call everybody, archives it or deletes it.
// Must not decide who may do that: the server does.

import { call } from "../connection/api.js";
import { CALLERS } from "../connection/wire.js";
import { loadDialogs } from "../room/late-dialogs.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { ErrorLine, confirmWithSecondClick, field, select } from "../ui/forms.js";
import { gettext, pgettext } from "../ui/translation.js";

/** @type {[callers: string, text: string][]} */
const WHO_CALLS = [
  [CALLERS.EVERYONE, pgettext("who may call everybody", "Everyone")],
  [CALLERS.MODERATORS, pgettext("who may call everybody", "Moderators and owners")],
  [CALLERS.OWNERS, pgettext("who may call everybody", "Owners")],
  [CALLERS.NOBODY, pgettext("who may call everybody", "Nobody")],
];

/**
 * @typedef {object} Options
 * @property {string} slug
 * @property {string} name
 * @property {string} topic
 * @property {string} callers who may call everybody
 * @property {(fields: { name: string, topic: string, callers: string }) => void} changed
 * @property {boolean} isArchived
 * @property {(isArchived: boolean) => void} archived is called when the room was archived or restored
 * @property {() => void} deleted
 */

/** @param {Options} options */
export function openRoomSettings({ slug, name: oldName, topic: oldTopic, callers: oldCallers, isArchived, changed, archived, deleted }) {
  const path = `/api/rooms/${slug}/`;
  const name = make("input", { id: "settings-name", dir: "auto", maxlength: 80, autocomplete: "off", value: oldName });
  const topic = make("textarea", { id: "settings-topic", dir: "auto", maxlength: 500, rows: 2, text: oldTopic });
  const callers = select("settings-callers", WHO_CALLS);
  callers.value = oldCallers;
  const error = new ErrorLine();
  const form = make(
    "form", { novalidate: true },
    field(gettext("Name"), name),
    field(gettext("Topic"), topic, { isOptional: true }),
    field(gettext("Who may call everybody with @all and @here"), callers),
    error.element,
    make("button", { type: "submit", class: "button wide", text: gettext("Save") }),
  );
  const remove = confirmWithSecondClick(
    make("button", { type: "button", class: "button bad wide", "data-action": "delete-room", text: gettext("Delete this room") }),
    gettext("Really delete the room and all its messages?"),
    async () => {
      if (!(await error.guard(() => call("DELETE", path)))) return;
      dialog.close();
      deleted();
    },
  );
  const archive = make("button", {
    type: "button", class: "button quiet wide", "data-action": "archive-room", text: isArchived ? gettext("Restore this room") : gettext("Archive this room"),
    onclick: async () => {
      if (!(await error.guard(() => call("PUT", path, { archived: !isArchived })))) return;
      dialog.close();
      archived(!isArchived);
    },
  });
  const hooks = make("button", {
    type: "button", class: "button quiet wide", "data-action": "hooks", text: gettext("Webhooks"),
    onclick: async () => {
      const dialogs = await loadDialogs();
      if (!dialogs) return;
      dialog.close();
      dialogs.openHooks(slug);
    },
  });
  const danger = make(
    "section", { class: "room-end" },
    make("h3", { text: gettext("Close the room") }),
    make("p", { class: "help", text: gettext("People can read an archived room, but nobody can write in it. A deleted room cannot be restored.") }),
    archive, remove,
  );
  const dialog = openDialog(gettext("Room settings"), "room-settings-dialog", form, hooks, danger);
  name.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = { name: name.value.trim(), topic: topic.value.replace(/\s+/g, " ").trim(), callers: callers.value };
    if (!(await error.guard(() => call("PUT", path, fields)))) return;
    dialog.close();
    changed(fields);
  });
}
