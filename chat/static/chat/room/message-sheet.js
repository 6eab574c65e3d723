// @ts-check
// The sheet of a message: its beginning, the full times, who reacted, the emoji for a reaction, and all actions with their
// names. Must not change a message: it copies the text itself, and passes every other action to `act`.

import { copyText } from "../ui/clipboard.js";
import { keyFromLeftToRight } from "../ui/direction.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { confirmWithSecondClick } from "../ui/forms.js";
import { fullTime, personName } from "../ui/format.js";
import { keyName } from "../ui/key-names.js";
import { personInWords } from "../ui/person-marks.js";
import { icon } from "../ui/pictures.js";
import { fillSentence, listOf } from "../ui/sentences.js";
import { gettext } from "../ui/translation.js";
import { EMOJI, choicesFor, emojiOfKey } from "./message-choices.js";
import { excerpt } from "./message.js";
import { reactorsOf } from "./message-reactions.js";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("./message-choices.js").Action} Action */

/**
 * @typedef {object} Options
 * @property {string} me the reader's handle
 * @property {import("./message-choices.js").Rights} rights
 * @property {(action: Action | "react", emoji?: string) => void} act is called after the sheet is closed; not for "copy"
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

/**
 * Copies the text of a message as its author typed it.
 * @param {Message} message
 * @param {HTMLElement} place contains a hidden input with the text while it is copied
 * @param {(sentence: string) => void} notify shows a sentence to the person
 */
export async function copyMessage(message, place, notify) {
  const isCopied = await copyText(message.body, place);
  notify(isCopied ? gettext("The text is copied.") : gettext("The browser does not allow copying. Select the text instead."));
}

/**
 * Opens the sheet, and returns its dialog.
 * @param {Message} message
 * @param {Options} options
 */
export function openMessageSheet(message, options) {
  const choose = (/** @type {Action | "react"} */ action, /** @type {string} */ emoji) => {
    dialog.close();
    options.act(action, emoji);
  };
  const copy = async () => {
    await copyMessage(message, dialog, options.notify);
    dialog.close();
  };
  const choices = choicesFor(options.rights).map((choice) => (
    makeChoice(choice, () => (choice.action === "copy" ? copy() : choose(choice.action, "")))
  ));
  const dialog = openDialog(
    personName(message.author), "message-sheet",
    make("p", { class: "sheet-text", text: excerpt(message) }),
    make("p", { class: "help", text: describeTimes(message) }),
    makeReactors(message),
    make("div", { class: "sheet-emoji", role: "group", "aria-label": gettext("React") }, ...EMOJI.map((emoji, index) => (
      makeEmoji(emoji, index, hasReacted(message, emoji, options.me), () => choose("react", emoji))
    ))),
    make("div", { class: "sheet-choices" }, ...choices),
  );
  dialog.classList.add("sheet");
  dialog.addEventListener("keydown", (event) => keyPressed(event, dialog));
  choices[0].focus();
  return dialog;
}

/** @param {Message} message */
function describeTimes({ at, edited_at: editedAt }) {
  return editedAt ? gettext("%(time)s, edited %(edited)s", { time: fullTime(at), edited: fullTime(editedAt) }) : fullTime(at);
}

/**
 * @param {Message} message
 * @param {string} emoji
 * @param {string} me
 */
function hasReacted(message, emoji, me) {
  return (message.reactions?.[emoji] ?? []).includes(me);
}

/** @param {Message} message */
function makeReactors(message) {
  const emojis = Object.keys(message.reactions ?? {}).filter((emoji) => reactorsOf(message, emoji).length);
  if (!emojis.length) return null;
  return make("ul", { class: "sheet-reactors", "aria-label": gettext("Who reacted"), tabindex: "0" }, ...emojis.map((emoji) => (
    make("li", {}, make("span", { text: emoji }), make("span", {}, ...listOf(makeReactorNames(message, emoji))))
  )));
}

/**
 * @param {Message} message
 * @param {string} emoji
 */
function makeReactorNames({ reactions, guests = [] }, emoji) {
  return (reactions?.[emoji] ?? []).map((handle) => {
    const name = personInWords(handle);
    return guests.includes(handle) ? make("span", {}, ...fillSentence(gettext("%(handle)s (guest)"), { handle: name })) : name;
  });
}

/**
 * @param {string} emoji
 * @param {number} index
 * @param {boolean} isPressed
 * @param {() => void} act
 */
function makeEmoji(emoji, index, isPressed, act) {
  return make("button", {
    type: "button", "data-action": "react", "data-emoji": emoji, "aria-label": gettext("React with %(emoji)s", { emoji }),
    "aria-pressed": String(isPressed), "aria-keyshortcuts": String(index + 1), text: emoji, onclick: act,
  });
}

/**
 * @param {import("./message-choices.js").Choice} choice
 * @param {() => void} act
 */
function makeChoice({ action, label, icon: name, key }, act) {
  const isRemoval = action === "remove";
  const button = make(
    "button",
    { type: "button", "data-action": action, "aria-keyshortcuts": key, onclick: isRemoval ? null : act },
    icon(name),
    make("span", { text: label }),
    key && make("kbd", { "aria-hidden": "true", text: keyName(key) }),
  );
  return isRemoval ? confirmWithSecondClick(button, gettext("Really remove this message?"), act) : button;
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLDialogElement} dialog
 */
function keyPressed(event, dialog) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // The key that opened the sheet may still be down. It must not choose an action too.
  if (event.key === "Enter" && event.repeat) {
    event.preventDefault();
    return;
  }
  // The arrow keys scroll a long list of people.
  if (document.activeElement?.matches(".sheet-reactors") && event.key.startsWith("Arrow")) return;
  const buttons = /** @type {HTMLElement[]} */ ([...dialog.querySelectorAll("[data-action]")]);
  const button = buttons[nextIndex(keyFromLeftToRight(event.key, dialog), buttons)] ?? findByKey(event.key, buttons);
  if (!button) return;
  event.preventDefault();
  button.focus();
  if (button === findByKey(event.key, buttons) && !event.repeat) button.click();
}

/**
 * Returns the index of the button to which a key moves the focus, or -1.
 * @param {string} key
 * @param {HTMLElement[]} buttons
 */
function nextIndex(key, buttons) {
  const index = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const last = buttons.length - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowDown" || key === "ArrowRight") return index < last ? index + 1 : 0;
  if (key === "ArrowUp" || key === "ArrowLeft") return index > 0 ? index - 1 : last;
  return -1;
}

/**
 * @param {string} key
 * @param {HTMLElement[]} buttons
 */
function findByKey(key, buttons) {
  const emoji = emojiOfKey(key);
  return buttons.find((button) => (
    emoji ? button.dataset.emoji === emoji : button.getAttribute("aria-keyshortcuts")?.toLowerCase() === key.toLowerCase()
  ));
}
