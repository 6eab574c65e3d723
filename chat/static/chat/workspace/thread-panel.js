// @ts-check
// Shows a thread of the room on the page in the side panel, with an address of its own: `#thread-<id>`.
// Must not draw: room/thread-view.js does.

import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";

const NAME = "thread";
// As in workspace.css: below this width the panel covers the conversation.
const covering = window.matchMedia("(width <= 1100px)");

/** Returns whether the person writes on a real keyboard. On a phone the focus in a text field opens the keyboard. */
function hasKeyboard() {
  return window.matchMedia("(hover: hover) and (pointer: fine)").matches;
}

export class ThreadPanel {
  /** @type {import("./workspace.js").Workspace} */
  #workspace;
  /** @type {{ view: import("../room/thread-view.js").ThreadView, path: string } | null} */
  #shown = null;

  /** @param {import("./workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.#workspace = workspace;
  }

  /**
   * Opens the thread of a message of the room on the page. Without a reply, the thread gets an entry in the browser's history.
   * With one, the history already has the address of the reply.
   * @param {number | null} root null: the person looks at a message of the room, so a thread that covers the room closes
   * @param {number} [reply] the view scrolls to this reply
   */
  open(root, reply) {
    const { shell } = this.#workspace;
    if (root === null) {
      if (covering.matches) this.close();
    } else if (reply === undefined) this.#workspace.go(`${shell.pane.path}#thread-${root}`);
    else this.show(root, reply);
  }

  /**
   * Shows a thread, and scrolls to a reply if one is given. Without a thread, closes the shown thread.
   * @param {number | null} root null for an address without a thread
   * @param {number} [reply]
   */
  async show(root, reply) {
    const { panel, shell } = this.#workspace;
    const { conversation } = shell.pane;
    if (root === null || !conversation) {
      this.close();
      return;
    }
    if (this.#shown?.view.root === root && panel.name === NAME) {
      if (reply !== undefined) this.#shown.view.show(reply);
      return;
    }
    await loadLateStyles();
    conversation.withDialogs(({ ThreadView }) => {
      if (shell.pane.conversation === conversation) this.#showView(new ThreadView(conversation, root), reply);
    });
  }

  /** Closes the thread, for example because another room is on the page. */
  close() {
    if (this.#workspace.panel.name === NAME) this.#workspace.panel.close();
  }

  /**
   * @param {import("../room/thread-view.js").ThreadView} view
   * @param {number | undefined} reply
   */
  #showView(view, reply) {
    const { panel, shell } = this.#workspace;
    panel.open(NAME, gettext("Thread"), [view.element], () => this.#closed(view));
    this.#shown = { view, path: shell.pane.path };
    view.start(reply);
    if (hasKeyboard()) view.focus();
  }

  /** @param {import("../room/thread-view.js").ThreadView} view */
  #closed(view) {
    const path = this.#shown?.path;
    view.close();
    this.#shown = null;
    if (location.pathname === path && location.hash === `#thread-${view.root}`) history.pushState(null, "", path);
  }
}
