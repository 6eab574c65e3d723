// @ts-check
// The line below the first message of a thread, which opens the thread.
// Must not know sockets, or where a thread is shown.

import { make } from "../ui/dom.js";
import { clockTime, countReplies, shortTime, startOfDay } from "../ui/format.js";
import { avatar } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * Makes the button that opens the thread of a message. Returns null for a message without replies.
 * @param {Message} message
 */
export function makeThreadLine({ id, thread }) {
  if (!thread || thread.root !== id || thread.count === 0) return null;
  const { authors = [], last_at: lastAt } = thread;
  return make(
    "button", { type: "button", class: "thread-line", "data-thread": id },
    make("span", { class: "thread-faces", "aria-hidden": "true" }, ...authors.map((handle) => avatar(handle))),
    make("span", { class: "thread-count", text: countReplies(thread.count) }),
    lastAt ? make("span", { class: "thread-last", text: sayLast(lastAt) }) : null,
  );
}

/** @param {string} at ISO 8601, UTC */
function sayLast(at) {
  const isToday = startOfDay(at) === startOfDay(Date.now());
  // Translators: when the last reply was posted, for example "last at 14:05" or "last yesterday, 14:05".
  return isToday ? gettext("last at %(time)s", { time: clockTime(at) }) : gettext("last %(time)s", { time: shortTime(at) });
}
