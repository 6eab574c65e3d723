// @ts-check
// Decides which events a person is notified of, and when the person wants quiet. Must not show anything.

import { KIND, LEVEL } from "../connection/wire.js";
import { clockIn } from "../ui/local-time.js";

/**
 * The fields of the person's preferences that matter here.
 * @typedef {object} Preferences
 * @property {string} notify `mentions` (and direct messages), `all` or `none`
 * @property {boolean} [sound]
 * @property {string | null} [quiet_from] such as "22:30"
 * @property {string | null} [quiet_to]
 */

/** @typedef {import("./places.js").Place} Place */

/** @type {Preferences} */
export const DEFAULT_PREFERENCES = { notify: LEVEL.MENTIONS, sound: false, quiet_from: null, quiet_to: null };

/**
 * Returns whether `now` is in the hours in which a person wants no notifications. These hours may include midnight.
 * @param {Preferences} preferences
 * @param {string | undefined} zone the person's time zone; without it, the browser's
 * @param {Date} now
 */
export function isQuiet({ quiet_from: from, quiet_to: to }, zone, now) {
  if (!from || !to) return false;
  const time = clockIn(zone, now);
  const [first, last] = [from.slice(0, 5), to.slice(0, 5)];
  return first <= last ? time >= first && time < last : time >= first || time < last;
}

/**
 * Returns whether a `mention` notifies the person. From rooms with the level `none`, the server sends only mentions of all
 * members, because these are the same event for everybody.
 * @param {{ author: { handle: string } }} event
 * @param {Place | undefined} place
 * @param {Preferences} preferences
 * @param {string} me
 */
export function isMentionNotified({ author }, place, { notify }, me) {
  return notify !== LEVEL.NONE && author.handle !== me && place?.level !== LEVEL.NONE;
}

/**
 * Returns whether a reply in a thread that the person follows notifies the person: only if the level of the room is `all`,
 * and the person wants notifications.
 * @param {Place | undefined} place
 * @param {Preferences} preferences
 */
export function isReplyNotified(place, { notify }) {
  return notify !== LEVEL.NONE && place?.level === LEVEL.ALL;
}

/**
 * Returns whether a person has read what a notification is about. `state` is the room, or what a `room` event says about it.
 * A reply is read in its thread, and a mention may be in a thread too.
 * @param {{ isReply?: boolean }} data of the notification
 * @param {{ unread?: number, mentions?: number, threads?: number }} state
 */
export function isNoticeRead({ isReply }, { unread, mentions = 0, threads }) {
  return isReply ? threads === 0 : unread === 0 && mentions === 0;
}

/**
 * Returns the author of the newest message by another person in a `room` event, or null if the event does not notify the
 * person. The event notifies only people who have chosen all messages. It does not notify them of direct messages, because
 * each of these causes a `mention`.
 * @param {{ posts?: number, by?: string[] }} event
 * @param {Place | undefined} before the room before the event
 * @param {Preferences} preferences
 * @param {string} me
 */
export function newMessageAuthor({ posts, by = [] }, before, { notify }, me) {
  if (notify !== LEVEL.ALL || !before || before.level !== LEVEL.ALL || before.kind === KIND.DIRECT) return null;
  if (posts === undefined || before.posts === undefined) return null;
  return by.slice(0, Math.max(0, posts - before.posts)).find((handle) => handle !== me) ?? null;
}
