// @ts-check
// What stands beside a room in the list of all rooms: the link that joins the room, or the menu's button if the person is in
// the room.
// Must not change anything.

import { make } from "../ui/dom.js";
import { isolate } from "../ui/format.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";

/**
 * @param {{ slug: string, name: string }} room
 * @param {import("./places.js").Place | undefined} place the room among the person's rooms
 */
export function makeRoomTools({ slug, name }, place) {
  if (!place) {
    return make("a", {
      class: "button quiet small room-tools", "data-action": "join", href: `/rooms/${encodeURIComponent(slug)}/`,
      "aria-label": gettext("Join %(room)s", { room: isolate(name) }), text: gettext("Join"),
    });
  }
  return make(
    "div",
    { class: "room-tools" },
    make("span", { class: "joined", text: gettext("Joined") }),
    make("button", {
      type: "button", class: "icon-button", "data-action": "place-menu", "aria-haspopup": "menu", "aria-label": gettext("Menu of %(room)s", { room: isolate(name) }),
    }, icon("more")),
  );
}
