// @ts-check
// Draws the reactions to a message. Must not add or remove reactions.

import { make } from "../ui/dom.js";
import { makeEmojiPicture } from "../ui/emoji-picture.js";
import { countPeople, personName } from "../ui/format.js";
import { nameInWords } from "../ui/person-marks.js";
import { formatNumber, gettext } from "../ui/translation.js";
import { sentenceOf } from "./reactors.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * Makes the buttons of the reactions to a message. Returns null if the message has no reactions or is removed.
 * @param {Message} message
 * @param {string} me the reader's handle
 */
export function makeReactions(message, me) {
  const entries = Object.entries(message.reactions ?? {}).filter(([, handles]) => handles.length);
  if (!entries.length || message.removed) return null;
  return make("div", { class: "reactions" }, ...entries.map(([emoji, handles]) => (
    makeReaction(emoji, handles, reactorsOf(message, emoji), me, message.emoji_pictures?.[emoji])
  )));
}

/**
 * Returns the names of the people who reacted with an emoji.
 * @param {Message} message
 * @param {string} emoji
 */
export function reactorsOf({ reactions, guests = [] }, emoji) {
  return (reactions?.[emoji] ?? []).map((handle) => personName({ handle: nameInWords(handle), guest: guests.includes(handle) }));
}

/**
 * @param {string} emoji
 * @param {string[]} handles the people who reacted with this emoji
 * @param {string[]} names their names
 * @param {string} me
 * @param {string} [picture] the address of the picture, if the emoji is one of the site's own
 */
function makeReaction(emoji, handles, names, me, picture) {
  return make(
    "button",
    {
      type: "button", class: "reaction", "data-react": emoji, "aria-pressed": String(handles.includes(me)),
      "aria-label": gettext("%(emoji)s, %(people)s: %(names)s", {
        emoji, people: countPeople(handles.length), names: sentenceOf(names),
      }),
    },
    make("span", {}, picture ? makeEmojiPicture(emoji, picture) : emoji),
    make("span", { class: "number", text: formatNumber(handles.length) }),
  );
}
