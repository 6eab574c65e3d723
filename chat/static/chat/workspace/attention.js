// @ts-check
// The names of people in the workspace, and the notifications: connects the directory, the titles of direct conversations
// and the notifications with the panes. Must not draw lists.

import { Directory } from "../connection/directory.js";
import { KIND, SERVER_EVENT } from "../connection/wire.js";
import { onReturn } from "../ui/page-return.js";
import { updatePeople, useDirectory } from "../ui/person-marks.js";
import { titleOf } from "./direct-titles.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */

export class Attention {
  /** @type {Workspace} */
  #workspace;
  /**
   * The conversations that this module listens to.
   * @type {WeakSet<import("../room/conversation.js").Conversation>}
   */
  #known = new WeakSet();
  /** @type {import("./notifications.js").Notifications | null} */
  #notifications = null;

  /**
   * @param {Workspace} workspace
   * @param {import("../connection/storage.js").PersonStorage} storage keeps the names for the next page
   */
  constructor(workspace, storage) {
    this.#workspace = workspace;
    this.directory = new Directory({ storage });
    onReturn(() => this.#notifications?.refresh());
  }

  /**
   * Starts to show the names of people. The caller draws people only after this call.
   * @param {() => void} changed is called after each `people` event of the directory
   */
  start(changed) {
    useDirectory(this.directory, () => {
      changed();
      this.#showTitle();
    });
  }

  /**
   * Asks for the person's own profile, and starts the notifications once. Without `tools` they do not start.
   * @param {import("./late-tools.js").Tools | null} tools
   */
  notifyWith(tools) {
    // The quiet hours are in the person's own time zone.
    this.directory.ask([this.#workspace.me]);
    if (tools) this.#notifications ??= new tools.Notifications(this.#workspace);
    this.#notifications?.roomsListed();
  }

  /**
   * Passes a `room` event to the notifications. Call this before the list of rooms takes the event.
   * @param {any} event
   */
  roomChanged(event) {
    this.#notifications?.roomChanged(event);
  }

  /** @param {any} event */
  mentioned(event) {
    this.#notifications?.mentioned(event);
  }

  /**
   * Updates the names, the title and the notifications for the pane that is now on the page. Names may have changed while
   * the pane was not on the page.
   * @param {import("./panes.js").Pane} pane
   */
  shown(pane) {
    updatePeople(pane.element);
    const { conversation } = pane;
    if (conversation && !this.#known.has(conversation)) {
      this.#known.add(conversation);
      // In `joined`, the name of a direct conversation has handles, not the names of people.
      conversation.socket.on(SERVER_EVENT.JOINED, () => this.#showTitle());
    }
    this.#showTitle();
    this.#notifications?.update();
  }

  /**
   * Returns the name under which the person sees a room.
   * @param {import("./places.js").Place} place
   */
  titleOf(place) {
    return titleOf(place, this.#workspace.me, (handle) => this.directory.nameOf(handle));
  }

  /** Shows the names of the other people as the title of a direct conversation on the page. */
  #showTitle() {
    const { places, shell } = this.#workspace;
    const place = places.get(shell.pane.slug ?? "");
    if (place?.kind === KIND.DIRECT) shell.pane.conversation?.setTitle({ name: this.titleOf(place) });
  }
}
