// @ts-check
// The dialog that creates a room. Must not decide who may create rooms: the server does.

import { call } from "../connection/api.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { ErrorLine, field } from "../ui/forms.js";
import { gettext } from "../ui/translation.js";
import { slugOf } from "./slugs.js";

/**
 * @param {object} options
 * @param {string} [options.name] what the person has typed already
 * @param {(slug: string) => void} options.created is called when the dialog has closed
 */
export function openCreateRoomDialog({ name: initialName = "", created }) {
  const name = make("input", { id: "new-room-name", dir: "auto", maxlength: 80, autocomplete: "off", value: initialName, required: true });
  const slug = make("input", {
    id: "new-room-slug", dir: "ltr", maxlength: 50, autocomplete: "off", autocapitalize: "none", spellcheck: "false", pattern: "[a-z0-9][a-z0-9\\-]*", required: true,
  });
  const topic = make("input", { id: "new-room-topic", dir: "auto", maxlength: 500, autocomplete: "off" });
  const isPrivate = make("input", { id: "new-room-private", type: "checkbox" });
  const error = new ErrorLine();
  const submit = make("button", { type: "submit", class: "button wide", text: gettext("Create room") });
  const form = make(
    "form", { novalidate: true },
    field(gettext("Name"), name),
    field(gettext("Address"), slug, { help: gettext("Small letters, digits and hyphens. The address cannot be changed later.") }),
    field(gettext("Topic"), topic, { isOptional: true }),
    field(gettext("Private"), isPrivate, { help: gettext("Only people with an invitation can join.") }),
    error.element,
    submit,
  );
  const dialog = openDialog(gettext("Create a room"), "create-room-dialog", form);
  let isOwnSlug = false;
  const suggest = () => { if (!isOwnSlug) slug.value = slugOf(name.value); };
  name.addEventListener("input", suggest);
  slug.addEventListener("input", () => { isOwnSlug = slug.value !== ""; });
  suggest();
  name.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!name.value.trim()) error.show(gettext("Enter a name for the room."), name);
    else if (!slug.checkValidity()) error.show(gettext("Enter an address of small letters, digits and hyphens."), slug);
    else await create();
  });

  async function create() {
    submit.disabled = true;
    let room = { slug: "" };
    const isDone = await error.guard(async () => {
      room = await call("POST", "/api/rooms/", {
        name: name.value.trim(), slug: slug.value, topic: topic.value.trim(), private: isPrivate.checked,
      });
    });
    submit.disabled = false;
    if (!isDone) return;
    dialog.close();
    created(room.slug);
  }
}
