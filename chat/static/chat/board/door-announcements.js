// @ts-check
// The announcements at a board's door: announcements to everybody, and whispers to this person.
// Must not show announcements after the visitor is admitted: the conversation does.

import { call } from "../connection/api.js";
import { SERVER_EVENT } from "../connection/wire.js";
import { Announcements } from "../ui/announcements.js";
import { byId } from "../ui/dom.js";
import { pagePerson } from "../ui/person-data.js";
import { Scope } from "../ui/scope.js";

/**
 * Shows the announcements that arrive on the waiting room's socket.
 * @param {import("../connection/waiting-room-socket.js").WaitingRoomSocket} socket
 * @param {import("../connection/storage.js").KeyValueStorage} storage the visitor's own
 */
export function showDoorAnnouncements(socket, storage) {
  // The server does not store the dismissals of a visitor who is not signed in. Only this tab knows them.
  const announcements = new Announcements(storage, (id) => {
    // If the call fails, this tab remembers the dismissal, and tells the server when the announcement arrives again.
    if (pagePerson) call("PUT", `/api/announcements/${id}/dismissal/`).catch(() => {});
  }, new Scope(), byId("door-announcements"));
  socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => announcements.show(event));
  socket.on(SERVER_EVENT.DISMISSED, ({ id }) => announcements.hide(id));
}
