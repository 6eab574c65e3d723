// @ts-check
// Opens the panel of search, pins, bookmarks and mentions beside the pane, and tells the panel which room is on the page.
// Must not draw, and must not search.

import { byId, closestTo } from "../ui/dom.js";

export class FindPanel {
  /** @type {import("./workspace.js").Workspace} */
  #workspace;
  /** @type {import("../finding/panel.js").Panel | null} */
  #panel = null;

  /** @param {import("./workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.#workspace = workspace;
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
  }

  /**
   * @param {string} view `search`, `pins`, `bookmarks` or `mentions`
   * @param {string} [query] what is searched at once
   */
  open(view, query) {
    this.#workspace.withTools(({ Panel }) => {
      this.#panel ??= new Panel(this.#makeHost());
      this.#panel.open(view, query);
    });
  }

  /** Another pane is on the page. */
  roomChanged() {
    this.#panel?.roomChanged();
  }

  /** @returns {ConstructorParameters<typeof import("../finding/panel.js").Panel>[0]} */
  #makeHost() {
    const { places, shell } = this.#workspace;
    return {
      element: byId("workspace"),
      room: () => {
        const { slug, conversation } = shell.pane;
        return slug === null || !conversation ? null : { slug, name: conversation.title.name, timeline: conversation.timeline };
      },
      nameOf: (slug) => places.get(slug)?.name ?? slug,
      notify: (sentence) => this.#workspace.notify(sentence),
      leave: () => shell.focus(),
    };
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = closestTo(event, "[data-panel]");
    if (!button) return;
    const menu = /** @type {HTMLDetailsElement | null} */ (button.closest("details.menu"));
    if (menu) menu.open = false;
    this.#workspace.sidebar.toggleDrawer(false);
    this.open(button.dataset.panel ?? "");
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const isFind = event.key.toLowerCase() === "f" && event.shiftKey && (event.ctrlKey || event.metaKey) && !event.altKey;
    if (!isFind || event.isComposing || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.open("search");
  }
}
