// What the person wrote and the room does not show yet: grey until acknowledged, with a reason when refused.
// Must not send; it offers "try again" and "discard" and calls back.

import { avatar, make } from "../ui/dom.js";

const REASONS = {
  muted: "You are muted in this room.",
  forbidden: "You may not do that here.",
  too_long: "It is too long.",
  empty: "There is nothing in it.",
  not_found: "The message it belongs to is gone.",
  invalid_field: "It holds something that cannot be sent.",
  ref_conflict: "It was mixed up with another message.",
  internal: "Something went wrong on the server.",
};

export function reasonFor(code, detail) {
  return REASONS[code] ?? (detail || "The server refused it.");
}

export class Pending {
  #list;
  #actions;
  #items = new Map();
  // Acknowledged, but the message itself is still on its way.
  #stored = new Map();

  /** actions: {retry(ref), discard(ref)}. */
  constructor(list, handle, actions) {
    this.#list = list;
    this.handle = handle;
    this.#actions = actions;
  }

  /** `entries` as `socket.pending` gives them; `isDrawn(ref)` says whether the timeline has the message already. */
  show(entries, isDrawn) {
    const shown = entries.filter(({ event, failed }) => event.type === "post" || failed);
    const refs = new Set(shown.filter(({ ref }) => !isDrawn(ref)).map(({ ref }) => ref));
    for (const ref of this.#items.keys()) if (!refs.has(ref) && !this.#stored.has(ref)) this.drop(ref);
    for (const entry of shown) if (refs.has(entry.ref)) this.#draw(entry);
  }

  /** Not grey any more; stays until the message comes. */
  stored(ref, id) {
    const item = this.#items.get(ref);
    if (!item) return;
    this.#stored.set(ref, id);
    item.classList.remove("pending");
    item.dataset.state = "stored";
  }

  drop(ref) {
    this.#items.get(ref)?.remove();
    this.#items.delete(ref);
    this.#stored.delete(ref);
  }

  dropStored() {
    for (const ref of [...this.#stored.keys()]) this.drop(ref);
  }

  #draw(entry) {
    const state = entry.failed ? "failed" : "pending";
    const old = this.#items.get(entry.ref);
    if (old?.dataset.state === state) return;
    const item = this.#item(entry, state);
    if (old) old.replaceWith(item);
    else this.#list.append(item);
    this.#items.set(entry.ref, item);
  }

  #item({ ref, event, failed }, state) {
    const item = make("li", {
      class: `message own ${state}`, "data-testid": `${state}-message`, "data-ref": ref, "data-state": state,
    });
    const meta = make("header", { class: "meta" }, make("b", { class: "author", text: this.handle }));
    meta.append(make("span", { class: "state", text: failed ? "Not sent" : "sending…" }));
    if (event.type === "edit") meta.append(make("span", { class: "state", text: "(an edit)" }));
    if (event.type === "schedule") meta.append(make("span", { class: "state", text: "(for later)" }));
    const body = make("div", { class: "body plain", "data-testid": "message-body", text: event.body });
    const content = make("div", { class: "content" }, meta, body, failed ? this.#excuse(ref, failed, event) : null);
    item.append(make("article", { class: "row" }, avatar(this.handle), content));
    return item;
  }

  #excuse(ref, failed, event) {
    const retry = () => this.#actions.retry(ref);
    const discard = () => this.#actions.discard(ref);
    return make(
      "p",
      { class: "excuse", role: "alert" },
      make("span", { text: event.type === "schedule" ? failed.detail : reasonFor(failed.code, failed.detail) }),
      make("button", { type: "button", class: "link", "data-testid": "try-again", text: "Try again", onclick: retry }),
      make("button", { type: "button", class: "link", "data-testid": "discard", text: "Discard", onclick: discard }),
    );
  }
}
