// @ts-check
// The details of a room in the panel: its topic, who can join or read it, and what the person can choose for it.
// Must not change any data: it calls the workspace for that.

import { KIND, LEVEL, ROLE } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { field, select } from "../ui/forms.js";
import { icon } from "../ui/pictures.js";
import { openLeaveDialog } from "../room/leave-dialog.js";
import { gettext, ngettext, pgettext } from "../ui/translation.js";
import { isFavourite } from "./places.js";

/** @type {[level: string, text: string][]} */
export const LEVELS = [[LEVEL.ALL, gettext("All messages")], [LEVEL.MENTIONS, gettext("Only mentions")], [LEVEL.NONE, pgettext("notify me about", "Nothing")]];
/** @type {Record<string, string>} */
const KINDS = {
  [KIND.ROOM]: gettext("Everyone can join this room."), [KIND.PRIVATE]: gettext("Only people with an invitation can join this room."),
  [KIND.DIRECT]: gettext("Only the people of this conversation can read it."),
};

/**
 * Shows the details of the room on the page.
 * @param {import("./workspace.js").Workspace} workspace
 */
export function openRoomDetails(workspace) {
  const { slug, conversation } = workspace.shell.pane;
  const place = slug === null ? undefined : workspace.places.get(slug);
  if (slug === null || !conversation || !place) return;
  const { name, topic } = conversation.title;
  const days = conversation.keptDays;
  const level = select("details-level", LEVELS);
  level.value = place.level;
  level.addEventListener("change", () => workspace.changes.setLevel(slug, level.value));
  const isRoom = place.kind === KIND.ROOM || place.kind === KIND.PRIVATE;
  const leave = () => openLeaveDialog(slug, { isPublic: place.kind === KIND.ROOM, left: () => workspace.left(slug) });
  workspace.panel.open("details", name, [
    make("p", { class: "details-topic", dir: "auto", text: topic || gettext("This room has no topic.") }),
    make("p", { class: "help", text: KINDS[place.kind] ?? "" }),
    make("p", { class: "help", "data-fact": "kept", text: describeKept(days) }),
    field(gettext("Notify me about"), level),
    make(
      "div", { class: "details-actions" },
      makeAction("favourite", "star", isFavourite(place) ? gettext("Remove from favourites") : gettext("Add to favourites"), async () => {
        await workspace.changes.toggleFavourite(slug);
        openRoomDetails(workspace);
      }),
      makeAction("copy-link", "copy", gettext("Copy the link"), () => conversation.copyLink()),
      isRoom && place.role === ROLE.OWNER && makeAction("settings", "edit", gettext("Room settings"), () => workspace.openSettings(slug)),
      isRoom && place.role !== ROLE.OWNER && makeAction("leave", "leave", gettext("Leave this room"), leave),
    ),
  ]);
}

/** @param {number | null} days after which messages are deleted; null for never */
function describeKept(days) {
  if (days === null) return gettext("Messages are kept without limit.");
  return ngettext(
    "Messages are kept for %(count)s day, then deleted. Files too.", "Messages are kept for %(count)s days, then deleted. Files too.", days,
  );
}

/**
 * @param {string} name
 * @param {string} sign
 * @param {string} text
 * @param {() => void} act
 */
function makeAction(name, sign, text, act) {
  return make("button", { type: "button", "data-action": name, onclick: act }, icon(sign), make("span", { text }));
}
