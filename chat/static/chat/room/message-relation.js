// @ts-check
// Draws the parts of a message that depend on the message above it: the day, the divider "New", and the grouping.
// Must not know the other messages of the timeline.

import { make } from "../ui/dom.js";
import { dayName, startOfDay } from "../ui/format.js";
import { pgettext } from "../ui/translation.js";

const SAME_GROUP_MS = 5 * 60_000;

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * Draws the day, the divider "New" and the grouping of a message.
 * @param {HTMLElement} item the message's list item
 * @param {Message} message
 * @param {Message | undefined} above undefined for the oldest drawn message
 * @param {boolean} isFirstUnread whether the message has the divider "New"
 */
export function drawRelation(item, message, above, isFirstUnread) {
  const isNewDay = !above || startOfDay(above.at) !== startOfDay(message.at);
  // The oldest drawn message has a header. The message keeps the header when an older page arrives, so that it does not move.
  if (!above) item.dataset.oldest = "";
  const needsHeader = item.dataset.oldest !== undefined || isNewDay || isFirstUnread;
  const isGrouped = above !== undefined && !needsHeader && isContinuation(message, above);
  item.classList.toggle("grouped", isGrouped);
  for (const divider of item.querySelectorAll(":scope > .divider")) divider.remove();
  if (isFirstUnread) item.prepend(make("div", { class: "divider unread", text: pgettext("divider above unread messages", "New") }));
  if (isNewDay) item.prepend(makeDay(message.at));
}

/** @param {string} at ISO 8601, UTC */
function makeDay(at) {
  return make("div", { class: "divider day", "data-words": "day", "data-at": at, text: dayName(at) });
}

/**
 * Returns whether a message is drawn without a header: the same author wrote the message above less than five minutes
 * before, under the same name, and the message quotes no message.
 * @param {Message} message
 * @param {Message} above
 */
function isContinuation(message, above) {
  const pauseMs = new Date(message.at).getTime() - new Date(above.at).getTime();
  const isSame = above.author.handle === message.author.handle && above.author.name === message.author.name;
  return !message.reply_to && isSame && pauseMs < SAME_GROUP_MS;
}
