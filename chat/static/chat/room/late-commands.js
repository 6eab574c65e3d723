// @ts-check
// Finds out whether a text is a command, and loads the commands when the person first needs them. Must not run a command.

import { readLine } from "./command-lines.js";
import { loadDialogs } from "./late-dialogs.js";

/** @typedef {import("./commands.js").Commands} Commands */
/** @typedef {import("./commands.js").Field} Field */

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
   * Runs the command in a text, and returns true. Returns false if the text is an ordinary message. Two slashes at the
   * beginning, or a space, make a message of a text that would be a command.
   * @param {string} body
   * @param {Field} [field] the field in which the person wrote the text; without it, the field of the room
   */
  run(body, field = this.#room.conversation) {
    const line = readLine(body);
    if (line) this.#run(line, field);
    else if (body.startsWith("//")) field.actions.submit(body.slice(1), null);
    else return false;
    return true;
  }

  /**
   * @param {{ name: string, text: string }} line
   * @param {Field} field
   */
  async #run({ name, text }, field) {
    const commands = await this.#get();
    if (commands) commands.run(name, text, field);
    // Without a connection, the outbox keeps the command.
    else field.sendCommand(name, text);
  }

  async #get() {
    const dialogs = this.#commands ? null : await loadDialogs();
    if (dialogs) this.#commands ??= new dialogs.Commands(this.#room);
    return this.#commands;
  }
}
