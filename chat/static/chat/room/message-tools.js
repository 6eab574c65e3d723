// @ts-check
// What a person does with a message beyond the conversation: copies its link, pins it, bookmarks it, reads its history.
// Must not decide who may do it: message-actions.js does, and the server checks it again.

import { asApiError } from "../connection/api.js";
import { bookmarks } from "../connection/bookmarks.js";
import { copyText } from "../ui/clipboard.js";
import { gettext } from "../ui/translation.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * Returns the address of a message.
 * @param {string} slug
 * @param {number} id
 */
export function linkOf(slug, id) {
  return `/rooms/${slug}/#message-${id}`;
}

/**
 * Returns the actions of this module, by the names of message-choices.js.
 * @param {string} slug
 * @param {object} room
 * @param {import("../connection/room-changes.js").RoomChanges} room.changes
 * @param {(id: number) => HTMLElement | undefined} room.itemOf returns the drawn message
 * @param {(sentence: string) => void} room.notify shows a sentence to the person
 * @param {import("./late-dialogs.js").WithDialogs} room.withDialogs
 */
export function makeMessageTools(slug, { changes, itemOf, notify, withDialogs }) {
  return {
    link: async (/** @type {Message} */ { id }) => {
      const item = itemOf(id);
      const isCopied = await copyText(new URL(linkOf(slug, id), location.href).href, item ?? document.body);
      item?.focus({ preventScroll: true });
      notify(isCopied ? gettext("The link to the message is copied.") : gettext("The browser does not allow copying."));
    },
    pin: (/** @type {Message} */ { id }) => { changes.pin(id, true); },
    unpin: (/** @type {Message} */ { id }) => { changes.pin(id, false); },
    bookmark: (/** @type {Message} */ { id }) => setBookmark(slug, id, true, notify),
    unbookmark: (/** @type {Message} */ { id }) => setBookmark(slug, id, false, notify),
    history: (/** @type {Message} */ message) => withDialogs(({ openEditHistory }) => openEditHistory(slug, message)),
  };
}

/**
 * @param {string} slug
 * @param {number} id
 * @param {boolean} on
 * @param {(sentence: string) => void} notify
 */
async function setBookmark(slug, id, on, notify) {
  try {
    await bookmarks.set(slug, id, on);
    notify(on ? gettext("The message is in your bookmarks.") : gettext("The bookmark is removed."));
  } catch (error) {
    notify(asApiError(error).message);
  }
}
