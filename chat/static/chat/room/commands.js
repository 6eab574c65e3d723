// @ts-check
// What a person can type in place of a message: a slash, the name of a command, and the rest of the text. The server lists
// its commands and runs them. This module also has the commands that only change what the page shows. It loads late.
// Must not give a person more rights: the server checks every command.

import { call } from "../connection/api.js";
import { ROLE } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";
import { lineOf } from "./command-lines.js";
import { MODERATING_ROLES } from "./own-role.js";

// The list of the server depends on the person's role, and other people may add commands to the room.
const KEPT_MS = 60_000;
const LONGEST_WAIT_MS = 2_000;

/**
 * @typedef {object} Room
 * @property {string} slug
 * @property {boolean} isPublic
 * @property {import("./conversation.js").Conversation} conversation
 * @property {import("./open-room.js").WorkspaceTools} [tools]
 * @property {() => void} leave asks whether to leave the room
 */

/**
 * Where a person writes a command: in the room, or in a thread of the room.
 * @typedef {object} Place
 * @property {Pick<import("./message-actions.js").MessageActions, "submit">} actions
 * @property {Pick<import("./composer.js").Composer, "giveBack">} composer
 * @property {(name: string, text: string) => void} sendCommand
 * @property {() => void} openPollDialog
 */

/** @typedef {{ name: string, detail: string, usage?: string }} Info */

/**
 * A command of the page. If `act` returns false, the server runs the command of the same name.
 * @typedef {object} PageCommand
 * @property {string} name
 * @property {string} detail says what the command does
 * @property {(room: Room) => boolean} [isOffered]
 * @property {(room: Room & { place: Place }, rest: string) => boolean | void} act
 */

/** @type {PageCommand[]} */
const PAGE_COMMANDS = [
  { name: "search", detail: gettext("Search messages"), isOffered: hasTools, act: ({ tools }, rest) => tools?.find("search", rest) },
  { name: "pins", detail: gettext("Show the pinned messages"), isOffered: hasTools, act: ({ tools }) => tools?.find("pins") },
  { name: "date", detail: gettext("Jump to a day"), act: ({ conversation }) => conversation.openDateDialog() },
  { name: "help", detail: gettext("Show all commands"), act: (room) => { showHelp(room); } },
  { name: "leave", detail: gettext("Leave this room"), isOffered: ({ conversation }) => conversation.ownRole.role !== ROLE.OWNER, act: ({ leave }) => leave() },
  { name: "invite", detail: gettext("Bring people into this room"), isOffered: mayInvite, act: (room, rest) => rest === "" && invite(room) },
  { name: "poll", detail: gettext("Ask a question with options"), act: ({ place }, rest) => rest === "" && place.openPollDialog() },
  { name: "remind", detail: gettext("Remind yourself, this room or a person"), act: ({ tools }, rest) => rest === "list" && showReminders(tools) },
];

/** @param {Room} room */
function hasTools({ tools }) {
  return tools !== undefined;
}

/** @param {Room} room */
function mayInvite({ isPublic, conversation }) {
  return isPublic || MODERATING_ROLES.has(conversation.ownRole.role);
}

/** @param {Room} room */
function invite({ slug, isPublic, conversation }) {
  if (isPublic) conversation.copyLink();
  else conversation.withDialogs(({ openInvitations }) => openInvitations(slug));
  return true;
}

/** @param {import("./open-room.js").WorkspaceTools} [tools] */
function showReminders(tools) {
  tools?.find("reminders");
  return tools !== undefined;
}

/** The commands of a room. */
export class Commands {
  /** @type {Room} */
  #room;
  /**
   * The commands of the server; null before the first answer.
   * @type {Info[] | null}
   */
  #ofServer = null;
  #loadedAt = -Infinity;
  /** @type {Promise<void> | null} */
  #loading = null;

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
  }

  /**
   * The known commands that this person may give now, sorted by name.
   * @returns {Info[]}
   */
  get offered() {
    /** @type {Map<string, Info>} */
    const found = new Map((this.#ofServer ?? []).map((info) => [info.name, info]));
    for (const { name, detail, isOffered } of PAGE_COMMANDS) {
      if (!(isOffered?.(this.#room) ?? true)) continue;
      if (!found.has(name)) found.set(name, { name, detail });
    }
    return [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
  }

  /** Asks the server for its commands, at most once a minute. Without an answer, the known ones stay. */
  load() {
    if (performance.now() - this.#loadedAt < KEPT_MS) return Promise.resolve();
    this.#loading ??= this.#fetch();
    return this.#loading;
  }

  async #fetch() {
    try {
      const { commands } = await call("GET", `/api/rooms/${this.#room.slug}/commands/`);
      this.#ofServer = commands;
      this.#loadedAt = performance.now();
    } catch {
      // The server checks each command again.
    }
    this.#loading = null;
  }

  /**
   * Runs a command of the page, or sends the command to the server.
   * @param {string} name
   * @param {string} rest what follows the name
   * @param {Place} [place] where the person wrote it
   */
  run(name, rest, place = this.#room.conversation) {
    const ofPage = PAGE_COMMANDS.find((command) => command.name === name && (command.isOffered?.(this.#room) ?? true));
    if (!ofPage || ofPage.act({ ...this.#room, place }, rest) === false) this.#send(name, rest, place);
  }

  /**
   * Sends a command to the server. If the server has no such command, puts the text back into the field.
   * @param {string} name
   * @param {string} rest
   * @param {Place} place
   */
  async #send(name, rest, place) {
    // Without a connection, the outbox keeps the command.
    if (!this.#knows(name)) await Promise.race([this.load(), new Promise((resolve) => { setTimeout(resolve, LONGEST_WAIT_MS); })]);
    if (this.#ofServer && !this.#knows(name)) {
      place.composer.giveBack(lineOf({ name, text: rest }));
      this.#room.conversation.notify(gettext("There is no command %(name)s here. To send this text as a message, write %(slashes)s at its beginning.", {
        name: `/${name}`, slashes: "//",
      }));
      return;
    }
    place.sendCommand(name, rest);
  }

  /** @param {string} name */
  #knows(name) {
    return this.#ofServer?.some((info) => info.name === name) ?? false;
  }
}

/**
 * Shows all commands in a dialog.
 * @param {Room} room
 */
async function showHelp(room) {
  const commands = new Commands(room);
  await Promise.all([loadLateStyles(), commands.load()]);
  const rows = commands.offered.flatMap(({ name, detail, usage }) => [
    make("dt", {}, make("code", { dir: "ltr", text: `/${name}` }), usage ? make("bdi", { class: "completion-usage", text: usage }) : null),
    make("dd", { text: detail }),
  ]);
  const help = gettext("To send a text that begins with a slash as a message, write two slashes.");
  openDialog(gettext("Commands"), "commands-help", make("dl", { class: "pairs" }, ...rows), make("p", { class: "help", text: help }));
}
