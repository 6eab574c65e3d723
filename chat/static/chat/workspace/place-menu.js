// @ts-check
// The menu of a room or conversation in the list of rooms. Must not change any data: it calls the workspace for that.

import { KIND, ROLE } from "../connection/wire.js";
import { copyText } from "../ui/clipboard.js";
import { openPopupMenu } from "../ui/popup-menu.js";
import { openLeaveDialog } from "../room/leave-dialog.js";
import { gettext } from "../ui/translation.js";
import { addressOf, isFavourite } from "./places.js";
import { LEVELS } from "./room-details.js";

/**
 * Returns the entries that move a favourite by one place; none for a room that is not a favourite.
 * @param {import("./workspace.js").Workspace} workspace
 * @param {string} slug
 * @returns {import("../ui/popup-menu.js").Entry[]}
 */
function movesOf({ places, changes }, slug) {
  const shown = places.shownFavourites;
  const index = shown.findIndex((place) => place.slug === slug);
  const moves = [];
  if (index > 0) moves.push({ name: "move-up", text: gettext("Move up"), icon: "up", act: () => changes.moveFavouriteBy(slug, -1) });
  if (index >= 0 && index < shown.length - 1) {
    moves.push({ name: "move-down", text: gettext("Move down"), icon: "down", act: () => changes.moveFavouriteBy(slug, 1) });
  }
  return moves;
}

/**
 * Opens the menu of a room. Does nothing if the workspace does not have the room.
 * @param {import("./workspace.js").Workspace} workspace
 * @param {string} slug
 * @param {HTMLElement} button the button beside which the menu opens
 */
export function openPlaceMenu(workspace, slug, button) {
  const place = workspace.places.get(slug);
  if (!place) return;
  const isRoom = place.kind === KIND.ROOM || place.kind === KIND.PRIVATE;
  const copy = async () => {
    const isCopied = await copyText(new URL(addressOf(place), location.href).href, document.body);
    workspace.notify(isCopied ? gettext("The link is copied.") : gettext("The browser does not allow copying."));
  };
  const leave = () => openLeaveDialog(slug, { isPublic: place.kind === KIND.ROOM, left: () => workspace.left(slug) });
  /** @type {(import("../ui/popup-menu.js").Part | undefined)[]} */
  const parts = [
    place.unread > 0 ? { name: "mark-read", text: gettext("Mark as read"), icon: "read", act: () => workspace.changes.markRead(slug) } : undefined,
    {
      name: "favourite", text: isFavourite(place) ? gettext("Remove from favourites") : gettext("Add to favourites"), icon: "star",
      act: () => workspace.changes.toggleFavourite(slug),
    },
    ...movesOf(workspace, slug),
    { name: "copy-link", text: gettext("Copy link"), icon: "copy", act: copy },
    { heading: gettext("Notify me about") },
    ...LEVELS.map(([level, text]) => ({
      name: `level-${level}`, text, isChecked: place.level === level, act: () => workspace.changes.setLevel(slug, level),
    })),
    isRoom ? null : undefined,
    isRoom && place.role === ROLE.OWNER ? { name: "settings", text: gettext("Room settings"), icon: "edit", act: () => workspace.openSettings(slug) } : undefined,
    isRoom && place.role !== ROLE.OWNER ? { name: "leave", text: gettext("Leave room"), icon: "leave", isBad: true, act: leave } : undefined,
  ];
  openPopupMenu(button, place.name, parts.filter((part) => part !== undefined));
}
