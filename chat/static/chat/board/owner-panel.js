// What the owner of a board sees: who knocks, who was let in, the link, and the end of it all.
// Must not decide who comes in: it asks at the door.

import { call } from "../connection/api.js";
import { copies } from "../ui/clipboard.js";
import { onMenu, openDialog } from "../ui/dialog.js";
import { Complaint, askTwice } from "../ui/forms.js";
import { avatar, find, make } from "../ui/dom.js";

export class Owner {
  #door;
  #board;
  #knocks = find("knocks");
  #inside = find("inside");
  #nobody = find("nobody");

  constructor(door, board) {
    this.#door = door;
    this.#board = board;
    const told = {
      opened: () => this.#begin(),
      knocked: (event) => this.#knocked(event),
      left: ({ visitor }) => this.#gone(visitor),
      admitted: ({ visitor, handle }) => visitor && this.#letIn(visitor, handle),
      refused: ({ visitor }) => visitor && this.#out(visitor),
      removed: ({ visitor }) => visitor && this.#out(visitor),
    };
    for (const [type, heard] of Object.entries(told)) door.addEventListener(type, ({ detail }) => heard(detail));
    copies(find("copy-link"), find("board-link"));
    find("hide-link").addEventListener("click", () => this.#showLink(false));
    onMenu("menu-copy-link", () => {
      this.#showLink(true);
      find("copy-link").click();
    });
    onMenu("menu-shut", () => this.#askToShut());
  }

  // Whoever waits is told anew; who is inside is asked for. Nothing of before a lost line is believed.
  async #begin() {
    this.#knocks.replaceChildren();
    // Offline again: then the next line begins anew.
    const { visitors } = await call("GET", `/api/boards/${this.#board}/visitors/`).catch(() => ({ visitors: [] }));
    this.#inside.replaceChildren();
    for (const { visitor, handle, state } of visitors) if (state === "admitted") this.#letIn(visitor, handle);
    this.#count();
  }

  #knocked({ visitor, handle }) {
    this.#out(visitor);
    const button = (type, text, style) => make("button", {
      type: "button", class: `button ${style} small`, "data-testid": type, text,
      onclick: () => this.#decide(type, visitor, handle),
    });
    this.#knocks.append(make(
      "div",
      { class: "bar knock", "data-testid": "knocking", "data-visitor": visitor, role: "status" },
      make("span", {}, make("b", { text: handle }), " knocks"),
      button("admit", "Let in", ""),
      button("refuse", "Not now", "quiet"),
    ));
    this.#count();
  }

  async #decide(type, visitor, handle) {
    const answer = await this.#door.ask(type, { visitor });
    if (answer.type === "rejected") this.#say(visitor, answer.detail);
    else if (type === "admit") this.#letIn(visitor, handle);
    else this.#out(visitor);
  }

  #letIn(visitor, handle) {
    this.#out(visitor);
    const remove = make("button", { type: "button", class: "link", "data-testid": "remove", text: "Remove" });
    // There is no way back for one who was removed but to be let in anew.
    askTwice(remove, "Sure?", () => this.#decide("remove", visitor, handle));
    this.#inside.append(make(
      "li", { "data-visitor": visitor }, avatar(handle), make("span", { class: "handle", title: handle, text: handle }), remove,
    ));
    this.#count();
  }

  #gone(visitor) {
    this.#knocks.querySelector(`[data-visitor="${CSS.escape(visitor)}"]`)?.remove();
    this.#count();
  }

  #out(visitor) {
    this.#inside.querySelector(`[data-visitor="${CSS.escape(visitor)}"]`)?.remove();
    this.#gone(visitor);
  }

  #showLink(isShown) {
    find("link-bar").hidden = !isShown;
  }

  #say(visitor, sentence) {
    const knock = this.#knocks.querySelector(`[data-visitor="${CSS.escape(visitor)}"] span`);
    if (knock) knock.textContent = sentence;
  }

  #count() {
    this.#nobody.hidden = this.#inside.children.length > 0;
  }

  #askToShut() {
    const yes = make("button", { type: "button", class: "button bad wide", "data-testid": "shut-now", text: "Shut it" });
    const complaint = new Complaint();
    const warning = "All visitors are sent out, nobody comes in any more, and what was said is deleted.";
    const dialog = openDialog("Shut this board?", "shut-dialog", make("p", { class: "lead", text: warning }), complaint.element, yes);
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      yes.textContent = "One moment…";
      const answer = await this.#door.ask("shut", {});
      if (answer.type === "rejected") complaint.say(answer.detail);
      else dialog.close();
    });
  }
}
