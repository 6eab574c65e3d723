// @ts-check
// The page that the service worker shows while the server cannot be reached: what the browser keeps of the person, and a
// button that tries to connect. Must not change what is kept: the pages of the person do.

import { findKept, readAllKept } from "./offline/kept-writing.js";
import { watchReturn } from "./offline/return.js";
import { byId, child, make } from "./ui/dom.js";
import { gettext } from "./ui/translation.js";

const MOST_SHOWN = 20;

/** @param {import("./offline/kept-writing.js").Written} written */
function makeWritten({ room, text }) {
  const name = room ?? gettext("Direct message");
  return make("li", {}, make("span", { class: "written" }, make("small", { text: name, dir: "auto" }), make("span", { text, dir: "auto" })));
}

/**
 * @param {string} id
 * @param {HTMLElement[]} rows
 */
function show(id, rows) {
  const section = byId(id);
  child(section, "ul", HTMLUListElement).replaceChildren(...rows.slice(0, MOST_SHOWN));
  section.hidden = rows.length === 0;
}

const kept = findKept(readAllKept());
show("offline-waiting", kept.waiting.map(makeWritten));
show("offline-drafts", kept.drafts.map(makeWritten));
show("offline-rooms", kept.rooms.map(({ slug, name }) => make("li", {}, make("a", { href: `/rooms/${slug}/`, text: name, dir: "auto" }))));

const state = byId("offline-state");
const ask = watchReturn(() => location.reload());
byId("offline-retry").addEventListener("click", async () => {
  state.textContent = gettext("Trying…");
  if (!(await ask())) state.textContent = gettext("There is still no connection.");
});
