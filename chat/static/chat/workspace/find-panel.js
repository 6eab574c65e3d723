// @ts-check
// Opens the views of finding/panel.js in the side panel, and tells the panel when another room is on the page.
// Must not draw, and must not search.

import { child, closestTo } from "../ui/dom.js";
import { loadLateStyles } from "../ui/late-styles.js";

const NAME = "find";
// As in workspace.css: below this width the panel covers the conversation.
const covering = window.matchMedia("(width <= 1100px)");

export class FindPanel {
  /** @type {import("./workspace.js").Workspace} */
  #workspace;
  /** @type {() => void} */
  #closeDrawer;
  /** @type {import("../finding/panel.js").Panel | null} */
  #panel = null;

  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {() => void} closeDrawer closes the list of rooms on a phone
   */
  constructor(workspace, closeDrawer) {
    this.#workspace = workspace;
    this.#closeDrawer = closeDrawer;
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
  }

  /**
   * Opens a view in the panel.
   * @param {string} view `search`, `pins`, `files`, `bookmarks`, `mentions`, `threads` or `reminders`
   * @param {string} [query] the search that starts at once
   */
  open(view, query) {
    this.#workspace.withTools(async ({ Panel }) => {
      await loadLateStyles();
      this.#panel ??= new Panel(this.#makeHost());
      this.#panel.open(view, query);
    });
  }

  /** Closes a panel that covers the new room, or tells the panel which room is now on the page. */
  roomChanged() {
    if (this.#workspace.panel.name !== NAME) return;
    if (covering.matches) this.#workspace.panel.close();
    else this.#panel?.roomChanged();
  }

  /** Tells the panel that a thread of the person has a new reply, or was read. */
  threadsChanged() {
    if (this.#workspace.panel.name === NAME) this.#panel?.threadsChanged();
  }

  /** @returns {import("../finding/panel.js").Host} */
  #makeHost() {
    const { panel, places, shell } = this.#workspace;
    return {
      open: (title, element, closed) => panel.open(NAME, title, [element], () => {
        closed();
        // The button that opened the panel may be hidden now, for example in a menu.
        setTimeout(() => document.activeElement === document.body && panel.name === null && shell.focus());
      }),
      left: () => covering.matches && panel.close(),
      room: () => {
        const { slug, conversation } = shell.pane;
        return slug === null || !conversation ? null : { slug, name: conversation.title.name, timeline: conversation.timeline, threads: conversation.threads };
      },
      nameOf: (slug) => places.get(slug)?.name ?? slug,
      notify: (sentence) => this.#workspace.notify(sentence),
    };
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = closestTo(event, "[data-find]");
    if (!button) return;
    const menu = /** @type {HTMLDetailsElement | null} */ (button.closest("details.menu"));
    if (menu) {
      menu.open = false;
      child(menu, "summary").focus();
    }
    this.#closeDrawer();
    this.open(button.dataset.find ?? "");
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const isFind = event.key.toLowerCase() === "f" && event.shiftKey && (event.ctrlKey || event.metaKey) && !event.altKey;
    if (!isFind || event.isComposing || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.open("search");
  }
}
