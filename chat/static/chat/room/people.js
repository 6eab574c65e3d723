// Who is here: the list, its count, and the button that shows it on a phone.
// Must not ask the server: it lives from `joined` and `presence`.

import { avatar, find, make, plural } from "../ui/dom.js";

const SHOWN_ROLES = new Set(["owner", "moderator", "guest", "muted"]);

export class People {
  #roles = new Map();
  #me = "";
  #count = 0;
  #tools;
  #list = find("who-is-here");
  #panel = document.getElementById("people");
  #button = find("people-button");

  /** `tools(handle, role)` makes the button beside a person, or null. */
  constructor(tools) {
    this.#tools = tools;
    this.#button.addEventListener("click", () => this.#toggle());
    find("people-close").addEventListener("click", () => this.#toggle(false));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#toggle(false));
  }

  joined({ present, count, you }) {
    this.#me = you.handle;
    this.#roles = new Map(present.map(({ handle, role }) => [handle, role]));
    this.#draw(count);
  }

  changed({ came = [], went = [], count, present }) {
    if (present) this.#roles = new Map(present.map(({ handle, role }) => [handle, role]));
    for (const handle of came) if (!this.#roles.has(handle)) this.#roles.set(handle, "");
    for (const handle of went) this.#roles.delete(handle);
    this.#draw(count);
  }

  /** Somebody stands otherwise, here or not. */
  changedRole({ handle, role }) {
    if (this.#roles.has(handle)) this.#roles.set(handle, role);
    this.redraw();
  }

  redraw() {
    this.#draw(this.#count);
  }

  #toggle(open = !this.#panel.classList.contains("open")) {
    // What is closed cannot keep the keyboard's focus.
    if (!open && this.#panel.contains(document.activeElement)) this.#button.focus();
    this.#panel.classList.toggle("open", open);
    this.#button.setAttribute("aria-expanded", String(open));
  }

  #draw(count) {
    this.#count = count;
    const focused = this.#list.contains(document.activeElement) && document.activeElement.closest("li").dataset.handle;
    const handles = [...this.#roles.keys()].sort((a, b) => (b === this.#me) - (a === this.#me) || a.localeCompare(b));
    const items = handles.map((handle) => this.#item(handle));
    const more = count - handles.length;
    if (more > 0) items.push(make("li", { class: "more", text: `and ${more.toLocaleString()} more` }));
    this.#list.replaceChildren(...items);
    if (focused) this.#list.querySelector(`[data-handle="${CSS.escape(focused)}"] button`)?.focus();
    for (const element of document.querySelectorAll("[data-people-count]")) element.textContent = count.toLocaleString();
    this.#button.setAttribute("aria-label", `${plural(count, "person", "people")} here`);
  }

  #item(handle) {
    const role = this.#roles.get(handle);
    return make(
      "li",
      { "data-handle": handle },
      avatar(handle),
      make("span", { class: "handle", title: handle, text: handle }),
      handle === this.#me ? make("span", { class: "role", text: "you" }) : null,
      SHOWN_ROLES.has(role) ? make("span", { class: "role", text: role }) : null,
      this.#tools(handle, role),
    );
  }
}
