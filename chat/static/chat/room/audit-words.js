// @ts-check
// Describes an entry of the moderation log in words. Must not touch the page.

import { ROLE } from "../connection/wire.js";
import { plural } from "../ui/format.js";

/** @type {[unit: string, seconds: number][]} */
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

const VERBS = { edit: "edited", remove: "removed", pin: "pinned", unpin: "unpinned" };

/**
 * @typedef {object} AuditEntry
 * @property {"role" | "report" | "edit" | "remove" | "pin" | "unpin"} act
 * @property {string | null} before a role
 * @property {string | null} after a role, or the outcome of a report
 * @property {number | null} seconds how long a mute lasts
 * @property {number | null} message
 * @property {import("../connection/wire.js").PersonName | null} actor null for a management command
 * @property {import("../connection/wire.js").PersonName} person the person whom the act affected
 * @property {string} reason
 * @property {string} at ISO 8601, UTC
 */

/** @param {number} seconds */
function duration(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds % length === 0) ?? ["second", 1];
  return plural(seconds / size, unit);
}

/**
 * @param {AuditEntry} entry
 * @returns {[what: string, more: string]}
 */
function describeRoleChange({ before, after, seconds }) {
  if (after === ROLE.MUTED) return ["muted", seconds ? ` for ${duration(seconds)}` : ""];
  if (after === ROLE.BANNED) return ["banned", ""];
  if (before === ROLE.BANNED) return ["unbanned", ""];
  if (after === null) return ["removed from the room:", ""];
  if (before === ROLE.MUTED) return ["unmuted", ""];
  return ["made", ` ${after === ROLE.OWNER ? "an" : "a"} ${after}`];
}

/**
 * Returns the words before and after the person's handle: "Alice [muted] Bob [ for 10 minutes]".
 * @param {AuditEntry} entry
 * @returns {[what: string, more: string]}
 */
export function describeAct(entry) {
  const message = `message ${entry.message} of`;
  if (entry.act === "role") return describeRoleChange(entry);
  if (entry.act === "report") return [`${entry.after === "removed" ? "upheld" : "dismissed"} a report of ${message}`, ""];
  return [`${VERBS[entry.act]} ${message}`, ""];
}
