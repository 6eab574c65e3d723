// @ts-check
// Describes an entry of the audit log in a sentence. Must not touch the page.

import { ROLE } from "../connection/wire.js";
import { gettext } from "../ui/translation.js";
import { duration } from "../ui/units.js";

/**
 * @typedef {object} AuditEntry
 * @property {"role" | "report" | "edit" | "remove" | "pin" | "unpin" | "hook" | "unhook"} act
 * @property {string | null} before a role; "open" for a report
 * @property {string | null} after a role, or the outcome of a report; null for a person whose membership has ended
 * @property {number | null} seconds how long a mute lasts
 * @property {number | null} message the id of the message; null for a change of a role
 * @property {import("../connection/wire.js").PersonName | null} actor null for a management command
 * @property {import("../connection/wire.js").PersonName} person the person whom the act affected
 * @property {string} reason
 * @property {string} at ISO 8601, UTC
 */

/** @type {Record<string, (id: string) => string>} */
const ABOUT_MESSAGES = {
  edit: (id) => gettext("%(actor)s edited message %(id)s of %(person)s.", { id }),
  remove: (id) => gettext("%(actor)s removed message %(id)s of %(person)s.", { id }),
  pin: (id) => gettext("%(actor)s pinned message %(id)s of %(person)s.", { id }),
  unpin: (id) => gettext("%(actor)s unpinned message %(id)s of %(person)s.", { id }),
  upheld: (id) => gettext("%(actor)s upheld a report of message %(id)s of %(person)s.", { id }),
  dismissed: (id) => gettext("%(actor)s dismissed a report of message %(id)s of %(person)s.", { id }),
};

/** @type {Record<string, string>} */
const ABOUT_HOOKS = { hook: gettext("%(actor)s made the webhook %(person)s."), unhook: gettext("%(actor)s deleted the webhook %(person)s.") };

/** @type {Record<string, string>} */
const NEW_ROLES = {
  [ROLE.OWNER]: gettext("%(actor)s made %(person)s an owner."),
  [ROLE.MODERATOR]: gettext("%(actor)s made %(person)s a moderator."),
  [ROLE.MEMBER]: gettext("%(actor)s made %(person)s a member."),
  [ROLE.GUEST]: gettext("%(actor)s made %(person)s a guest."),
  [ROLE.BANNED]: gettext("%(actor)s banned %(person)s."),
};

/** @param {number | null} seconds */
function describeMute(seconds) {
  if (!seconds) return gettext("%(actor)s muted %(person)s.");
  return gettext("%(actor)s muted %(person)s for %(duration)s.", { duration: duration(seconds) });
}

/** @param {AuditEntry} entry */
function describeRoleChange({ before, after, seconds }) {
  if (after === ROLE.MUTED) return describeMute(seconds);
  if (before === ROLE.BANNED && after !== ROLE.BANNED) return gettext("%(actor)s unbanned %(person)s.");
  if (after === null) return gettext("%(actor)s removed %(person)s from the room.");
  if (before === ROLE.MUTED && after !== ROLE.BANNED) return gettext("%(actor)s unmuted %(person)s.");
  return NEW_ROLES[after] ?? gettext("%(actor)s changed the role of %(person)s.");
}

/**
 * Returns a sentence for `fillSentence`, with the placeholders `actor` and `person`.
 * @param {AuditEntry} entry
 */
export function describeAct(entry) {
  if (entry.act === "role") return describeRoleChange(entry);
  if (entry.act in ABOUT_HOOKS) return ABOUT_HOOKS[entry.act];
  const outcome = entry.after === "removed" ? "upheld" : "dismissed";
  return ABOUT_MESSAGES[entry.act === "report" ? outcome : entry.act](String(entry.message));
}
