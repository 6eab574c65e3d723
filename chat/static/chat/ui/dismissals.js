// @ts-check
// Tells the server which announcements the person has dismissed. Must not draw.

import { call } from "../connection/api.js";
import { pagePerson } from "./person-data.js";

/**
 * Stores a dismissal on the server. If the person is not signed in, only this tab remembers the dismissal.
 * @param {number} id
 */
export function storeDismissal(id) {
  // If the call fails, this tab remembers the dismissal, and tells the server when the announcement arrives again.
  if (pagePerson) call("PUT", `/api/announcements/${id}/dismissal/`).catch(() => {});
}
