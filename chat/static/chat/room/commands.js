// @ts-check
// What a person can type in place of a message: a slash, the name of a command, and the rest of the line.
// Must not do more than the menus: each command calls the action of a menu.

import { asApiError, call } from "../connection/api.js";
import { ROLE } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";
import { MODERATING_ROLES } from "./own-role.js";

/**
 * @typedef {object} Room
 * @property {string} slug
 * @property {boolean} isPublic
 * @property {import("./conversation.js").Conversation} conversation
 * @property {import("./open-room.js").WorkspaceTools} [tools]
 * @property {() => void} leave asks whether to leave the room
 */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} detail says what it does
 * @property {(room: Room) => boolean} [isOffered]
 * @property {(room: Room, rest: string) => void} act
 */

/** @type {Command[]} */
const COMMANDS = [
  { name: "me", detail: gettext("Say what you do: /me waves"), act: ({ conversation }, rest) => conversation.actions.submit(`_${rest}_`, null) },
  { name: "topic", detail: gettext("Change the topic of this room"), isOffered: ({ conversation }) => conversation.ownRole.role === ROLE.OWNER, act: setTopic },
  { name: "invite", detail: gettext("Bring people into this room"), isOffered: mayInvite, act: invite },
  { name: "leave", detail: gettext("Leave this room"), isOffered: ({ conversation }) => conversation.ownRole.role !== ROLE.OWNER, act: ({ leave }) => leave() },
  { name: "mute", detail: gettext("No notifications from this room"), isOffered: hasTools, act: ({ slug, tools }) => tools?.setLevel(slug, "none") },
  { name: "unmute", detail: gettext("Notifications about all messages"), isOffered: hasTools, act: ({ slug, tools }) => tools?.setLevel(slug, "all") },
  { name: "search", detail: gettext("Search messages"), isOffered: hasTools, act: ({ tools }, rest) => tools?.find("search", rest) },
  { name: "pins", detail: gettext("Show the pinned messages"), isOffered: hasTools, act: ({ tools }) => tools?.find("pins") },
  { name: "date", detail: gettext("Jump to a day"), act: ({ conversation }) => conversation.openDateDialog() },
  { name: "help", detail: gettext("Show all commands"), act: (room) => showHelp(room) },
];
// Without a text behind it, such a command is an ordinary message.
const WITH_TEXT = new Set(["me"]);

/** @param {Room} room */
function hasTools({ tools }) {
  return tools !== undefined;
}

/** @param {Room} room */
function mayInvite({ isPublic, conversation }) {
  return isPublic || MODERATING_ROLES.has(conversation.ownRole.role);
}

/** @param {Room} room */
export function makeCommands(room) {
  const offered = () => COMMANDS.filter(({ isOffered }) => isOffered?.(room) ?? true);
  return {
    /** The commands that this person may give now. */
    get offered() {
      return offered();
    },
    /**
     * Runs the command in a text, and returns true. Returns false if the text is an ordinary message.
     * @param {string} body
     */
    run(body) {
      const [, name, rest] = /^\/([a-z]+)(?:\s+(.*))?\s*$/s.exec(body) ?? [];
      const command = offered().find((found) => found.name === name);
      if (!command || (WITH_TEXT.has(name) && !rest)) return false;
      command.act(room, rest?.trim() ?? "");
      return true;
    },
  };
}

/** @type {Command["act"]} */
async function setTopic({ slug, conversation }, topic) {
  try {
    await call("PUT", `/api/rooms/${slug}/`, { topic });
    conversation.setTitle({ topic });
  } catch (error) {
    conversation.notify(asApiError(error).message);
  }
}

/** @type {Command["act"]} */
function invite({ slug, isPublic, conversation }) {
  if (isPublic) conversation.copyLink();
  else conversation.withDialogs(({ openInvitations }) => openInvitations(slug));
}

/** @param {Room} room */
function showHelp(room) {
  loadLateStyles();
  const commands = makeCommands(room).offered;
  const rows = commands.flatMap(({ name, detail }) => [make("dt", {}, make("code", { dir: "ltr", text: `/${name}` })), make("dd", { text: detail })]);
  openDialog(gettext("Commands"), "commands-help", make("dl", { class: "pairs" }, ...rows));
}
