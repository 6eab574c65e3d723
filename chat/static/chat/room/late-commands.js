// @ts-check
// Finds out whether a text is a command, and loads the commands when the person first needs them. Must not run a command.

import { readLine } from "./command-lines.js";
import { loadDialogs } from "./late-dialogs.js";

/** @typedef {import("./commands.js").Commands} Commands */

export class LateCommands {
  /** @type {import("./commands.js").Room} */
  #room;
  /** @type {Commands | null} */
  #commands = null;

  /** @param {import("./commands.js").Room} room */
  constructor(room) {
    this.#room = room;
  }

  /** The known commands that this person may give now. */
  get offered() {
    return this.#commands?.offered ?? [];
  }

  /** Loads the commands, and asks the server for its own. */
  async load() {
    await (await this.#get())?.load();
  }

  /**
   * Runs the command in a text, and returns true. Posts a text that begins with two slashes, without the first slash, and
   * returns true. Returns false for an ordinary message, such as a text that begins with a space.
   * @param {string} body
   * @param {import("./commands.js").Place} [place] where the person wrote it
   */
  run(body, place = this.#room.conversation) {
    const line = readLine(body);
    if (line) this.#run(line, place);
    else if (body.startsWith("//")) place.actions.submit(body.slice(1), null);
    else return false;
    return true;
  }

  /**
   * @param {{ name: string, text: string }} line
   * @param {import("./commands.js").Place} place
   */
  async #run({ name, text }, place) {
    const commands = await this.#get();
    if (commands) commands.run(name, text, place);
    // Without a connection, the outbox keeps the command.
    else place.sendCommand(name, text);
  }

  async #get() {
    const dialogs = this.#commands ? null : await loadDialogs();
    if (dialogs) this.#commands ??= new dialogs.Commands(this.#room);
    return this.#commands;
  }
}
