// @ts-check
// The names of the roles in a room. Must not know who may have which role.

import { ROLE } from "../connection/wire.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, pgettext } from "../ui/translation.js";

/** @type {Record<string, string>} */
const NAMES = {
  [ROLE.OWNER]: pgettext("role", "owner"), [ROLE.MODERATOR]: pgettext("role", "moderator"), [ROLE.MEMBER]: pgettext("role", "member"),
  [ROLE.GUEST]: pgettext("role", "guest"), [ROLE.MUTED]: pgettext("role", "muted"), [ROLE.BANNED]: pgettext("role", "banned"),
};

/** @typedef {{ role: string | null, until?: string | null, guest?: boolean }} Standing the API's answer about a member */

/**
 * Returns the name of a role, for the label beside a person.
 * @param {string} role
 */
export function roleName(role) {
  return NAMES[role] ?? role;
}

/**
 * Returns what a person is in the room, as the parts of an element: the role, and the end of a mute.
 * @param {Standing} standing
 */
export function describeRole({ role, until }) {
  if (role === ROLE.MUTED && until) return fillSentence(gettext("muted until %(time)s"), { time: timeInWords(until, "short") });
  return [role === null ? gettext("not in this room") : roleName(role)];
}
