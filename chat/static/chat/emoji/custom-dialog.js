// @ts-check
// The dialog with the site's own emoji: who added them and when. Some people can add and delete emoji here.
// Must not decide who may do that: the server does.

import { addCustomEmoji, deleteCustomEmoji, loadCustomEmoji, markOf } from "../connection/custom-emoji.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { makeEmojiPicture } from "../ui/emoji-picture.js";
import { ErrorLine, confirmButton, field } from "../ui/forms.js";
import { isolate, shortTime } from "../ui/format.js";
import { gettext } from "../ui/translation.js";

const NAME = /^[a-z0-9_-]{2,40}$/;

/** @typedef {import("../connection/custom-emoji.js").CustomEmoji} CustomEmoji */

/** Opens the dialog, and returns it. */
export function openCustomEmojiDialog() {
  const list = make("ul", { class: "custom-emoji-list" });
  const status = make("p", { class: "help", role: "status" });
  const place = make("div");
  const dialog = openDialog(gettext("Emoji of this site"), "custom-emoji-dialog", place, status, list);
  const update = async () => {
    const { emoji, may_add: mayAdd } = await loadCustomEmoji();
    list.replaceChildren(...emoji.map((entry) => makeEntry(entry, update)));
    status.textContent = emoji.length ? "" : gettext("This site has no emoji of its own yet.");
    if (mayAdd && !place.firstChild) place.append(makeForm(update));
  };
  update();
  return dialog;
}

/**
 * @param {CustomEmoji} entry
 * @param {() => void} changed
 */
function makeEntry(entry, changed) {
  const mark = markOf(entry);
  const values = { person: isolate(entry.added_by ?? "?"), time: shortTime(entry.added_at) };
  const error = new ErrorLine();
  const remove = async () => {
    if (await error.guard(() => deleteCustomEmoji(entry.name))) changed();
  };
  const button = entry.own && confirmButton("delete-emoji", gettext("Delete"), gettext("Delete it?"), remove);
  if (button) button.setAttribute("aria-label", gettext("Delete %(emoji)s", { emoji: mark }));
  return make(
    "li", { "data-emoji": mark },
    makeEmojiPicture(mark, entry.url),
    make("div", {}, make("b", { dir: "ltr", text: mark }), make("small", { text: gettext("Added by %(person)s, %(time)s", values) }), error.element),
    button,
  );
}

/** @param {() => void} changed */
function makeForm(changed) {
  const name = make("input", {
    id: "custom-emoji-name", dir: "ltr", maxlength: 40, autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true,
  });
  const picture = make("input", { id: "custom-emoji-picture", type: "file", accept: "image/png,image/jpeg,image/webp,image/gif", required: true });
  const error = new ErrorLine();
  const submit = make("button", { type: "submit", class: "button", text: gettext("Add emoji") });
  const form = make(
    "form", { class: "custom-emoji-form", novalidate: true },
    field(gettext("Picture file"), picture, { help: gettext("PNG, JPEG, WebP or GIF, at most 1 MB. It may be animated.") }),
    field(gettext("Name"), name, { help: gettext("Small letters, digits, _ and -. People write it between two colons.") }),
    error.element, submit,
  );
  picture.addEventListener("change", () => {
    if (!name.value) name.value = nameOf(picture.files?.[0]?.name ?? "");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = picture.files?.[0];
    const wanted = name.value.trim().replace(/^:|:$/g, "");
    if (!file) error.show(gettext("Choose a picture."), picture);
    else if (!NAME.test(wanted)) error.show(gettext("Enter a name of 2 to 40 small letters, digits, _ and -."), name);
    else {
      submit.disabled = true;
      const isDone = await error.guard(() => addCustomEmoji(wanted, file));
      submit.disabled = false;
      if (!isDone) return;
      form.reset();
      changed();
    }
  });
  return form;
}

/**
 * Returns a name for the file of a picture.
 * @param {string} file
 */
function nameOf(file) {
  return file.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40);
}
