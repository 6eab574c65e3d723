// @ts-check
// What stands beside a room in the list of all rooms: the button that joins it, or the menu of a room that the person is in.
// Must not change anything.

import { make } from "../ui/dom.js";
import { isolate } from "../ui/format.js";
import { icon } from "../ui/pictures.js";

/**
 * @param {{ slug: string, name: string }} room
 * @param {import("./places.js").Place | undefined} place the room among the person's rooms
 */
export function makeRoomTools({ slug, name }, place) {
  if (!place) {
    return make("a", {
      class: "button quiet small room-tools", "data-action": "join", href: `/rooms/${encodeURIComponent(slug)}/`,
      "aria-label": `Join ${isolate(name)}`, text: "Join",
    });
  }
  return make(
    "div",
    { class: "room-tools" },
    make("span", { class: "joined", text: "Joined" }),
    make("button", {
      type: "button", class: "icon-button", "data-action": "place-menu", "aria-haspopup": "menu", "aria-label": `Menu of ${isolate(name)}`,
    }, icon("more")),
  );
}
