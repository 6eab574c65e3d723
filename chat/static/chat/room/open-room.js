// @ts-check
// Opens a room whose element is on the page. Must only start the parts of the room.

import { byId } from "../ui/dom.js";
import { onMenuEntry } from "../ui/menus.js";
import { startConversation } from "./conversation.js";
import { LateCommands } from "./late-commands.js";

/**
 * What the workspace does for a room on its page.
 * @typedef {object} WorkspaceTools
 * @property {(view: string, query?: string) => void} find opens a view of finding/panel.js, such as `search`
 * @property {(slug: string, level: string) => void} setLevel chooses for which messages the person is notified
 * @property {() => { slug: string, name: string }[]} ownRooms the person's rooms, without direct conversations and boards
 */

/**
 * @typedef {object} RoomData
 * @property {string} slug
 * @property {string} handle the person whom the page is for
 * @property {string} owner the key of the person's data in the browser
 * @property {boolean} [isPublic]
 * @property {(unread: import("./read-marker.js").Unread) => void} [showUnread] shows how many messages are unread
 * @property {import("./person-links.js").Social} [social] the people of the site
 * @property {() => void} [left] is called when the person has left the room
 * @property {() => void} [openSettings] opens the owner's settings of the room
 * @property {() => void} [openDetails] shows the details of the room
 * @property {WorkspaceTools} [tools]
 * @property {(root: number | null, reply?: number) => void} [showThread] shows the thread of a message, at a reply;
 *   null closes a thread that covers the room
 */

/**
 * Opens the room, and returns its conversation. `suspend()` ends all listeners, timers and connections of the room before
 * its element leaves the page. `resume()` starts them after the element has returned. `close()` ends them permanently.
 * @param {RoomData} data
 */
export function openRoom({ slug, isPublic = false, left, openSettings, openDetails, tools, ...data }) {
  const conversation = startConversation({ slug, ownRooms: tools?.ownRooms, ...data });
  const leave = () => conversation.withDialogs(({ openLeaveDialog }) => openLeaveDialog(slug, { isPublic, left }));
  conversation.commands = new LateCommands({ slug, isPublic, conversation, tools, leave });
  onMenuEntry("menu-invite", () => conversation.withDialogs(({ openInvitations }) => openInvitations(slug)));
  onMenuEntry("menu-hooks", () => conversation.withDialogs(({ openHooks }) => openHooks(slug)));
  onMenuEntry("menu-leave", leave);
  onMenuEntry("menu-date", () => conversation.openDateDialog());
  if (openSettings) onMenuEntry("menu-settings", openSettings);
  if (openDetails) onMenuEntry("menu-details", openDetails);
  byId("copy-room-link").addEventListener("click", () => conversation.copyLink());
  return conversation;
}
