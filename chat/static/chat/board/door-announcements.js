// @ts-check
// The announcements in a board's waiting room: announcements to everybody, and whispers to this person.
// Must not show announcements after the visitor is admitted: the conversation does.

import { SERVER_EVENT } from "../connection/wire.js";
import { Announcements } from "../ui/announcements.js";
import { storeDismissal } from "../ui/dismissals.js";
import { byId } from "../ui/dom.js";
import { Scope } from "../ui/scope.js";

/**
 * Shows the announcements that arrive on the waiting room's socket.
 * @param {import("../connection/waiting-room-socket.js").WaitingRoomSocket} socket
 * @param {import("../connection/storage.js").KeyValueStorage} storage the visitor's own
 */
export function showDoorAnnouncements(socket, storage) {
  const announcements = new Announcements(storage, storeDismissal, new Scope(), byId("door-announcements"));
  socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => announcements.show(event));
  socket.on(SERVER_EVENT.DISMISSED, ({ id }) => announcements.hide(id));
}
