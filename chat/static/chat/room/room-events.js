// @ts-check
// Passes the socket's events to the parts that show them: events about people, roles, typing, read positions, reports,
// announcements, tasks and own changes.
// Must not draw. Must not know messages: message-flow.js passes them.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { SERVER_EVENT } from "../connection/wire.js";

/**
 * @typedef {object} Parts
 * @property {string} me the reader's handle
 * @property {import("../connection/room-socket.js").RoomSocket} socket
 * @property {import("./own-changes.js").OwnChanges} ownChanges
 * @property {import("./people.js").People} people
 * @property {import("./own-role.js").OwnRole} ownRole
 * @property {import("./moderation.js").Moderation} moderation
 * @property {import("./typing.js").TypingOthers} typingOthers
 * @property {import("./read-marker.js").ReadMarker} readMarker
 * @property {import("../ui/announcements.js").Announcements} announcements
 * @property {import("./task-bars.js").TaskBars} taskBars
 */

/** @param {Parts} parts */
export function passRoomEvents({ me, socket, ownChanges, people, ownRole, moderation, typingOthers, readMarker, announcements, taskBars }) {
  socket.on(LOCAL_EVENT.ACKED, (event) => ownChanges.acked(event));
  socket.on(SERVER_EVENT.REJECTED, (event) => ownChanges.rejected(event));
  socket.on(LOCAL_EVENT.OUTBOX, () => ownChanges.show());
  socket.on(SERVER_EVENT.PRESENCE, (event) => people.presenceChanged(event));
  // The view of a thread shows who is typing in the thread.
  socket.on(SERVER_EVENT.TYPING, (person) => person.handle !== me && person.thread === undefined && typingOthers.update(person, person.on));
  socket.on(SERVER_EVENT.READ, ({ offset }) => readMarker.receive(offset));
  socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => announcements.show(event));
  socket.on(SERVER_EVENT.DISMISSED, ({ id }) => announcements.hide(id));
  socket.on(SERVER_EVENT.REPORTED, () => moderation.refresh());
  socket.on(SERVER_EVENT.TASK, (event) => taskBars.show(event));
  socket.on(SERVER_EVENT.MEMBER, (member) => {
    if (member.handle === me) ownRole.changeTo(member);
    people.roleChanged(member);
    moderation.refresh();
  });
}
