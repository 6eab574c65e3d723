// @ts-check
// The list of all keys. Must not handle any key: the parts of the page do.

import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { KEYS, keyName } from "../ui/key-names.js";
import { keysOfActions } from "../room/message-choices.js";
import { gettext, pgettext } from "../ui/translation.js";

const isMac = /mac|iphone|ipad/i.test(navigator.platform);
const COMMAND = isMac ? "⌘" : KEYS.Control;
const ALT = isMac ? "⌥" : KEYS.Alt;

/** @typedef {[keys: string[][], what: string]} Line */

/**
 * The keys in one inner list are pressed together. Several inner lists are alternatives.
 * @type {[heading: string, keys: Line[]][]}
 */
const GROUPS = [
  [gettext("Everywhere"), [
    [[[COMMAND, "K"]], gettext("Find rooms, people, messages")],
    [[[ALT, "↓ ↑"]], gettext("Next or previous unread room")],
    [[["↓"], ["↑"]], gettext("Move in the list of rooms")],
    [[[ALT, KEYS.Shift, "↓ ↑"]], gettext("Move a favourite in the list of rooms")],
    [[[KEYS.Control, KEYS.Shift, "F"]], gettext("Search messages")],
    [[["?"]], gettext("Show this list")],
    [[[KEYS.Escape]], gettext("Close what is open")],
  ]],
  [gettext("In the field"), [
    [[[KEYS.Enter]], gettext("Send")],
    [[[KEYS.Shift, KEYS.Enter]], gettext("New line")],
    [[["↑"]], gettext("Edit your last message")],
    [[[KEYS.Shift, KEYS.Tab]], gettext("Go to the messages")],
    [[[KEYS.Escape]], gettext("End a reply or an edit")],
    [[["@"], ["#"], [":"], ["/"]], gettext("Complete a person, a room, an emoji or a command")],
  ]],
  [gettext("On a message"), [
    [[["↓"], ["↑"]], gettext("Next or previous message")],
    [[[KEYS.Page]], gettext("One screen up or down")],
    [[[KEYS.Home], [KEYS.End]], gettext("First or last message")],
    [[[KEYS.Enter]], gettext("Show all actions")],
    [[["1–6"]], gettext("React with an emoji")],
    ...keysOfActions().map(([key, label]) => /** @type {Line} */ ([[[keyName(key)]], label])),
    [[[KEYS.Escape]], gettext("Back to the field")],
  ]],
];

/** Opens the list of all keys. */
export function openHelpSheet() {
  const groups = GROUPS.map(([heading, keys], index) => {
    const id = `help-${index}`;
    return make(
      "section", { "aria-labelledby": id },
      make("h3", { id, text: heading }),
      make("dl", { class: "keys" }, ...keys.map(([choices, what]) => (
        make("div", {}, make("dt", { text: what }), make("dd", {}, ...makeKeys(choices)))
      ))),
    );
  });
  openDialog(pgettext("keyboard", "Keys"), "help-sheet", make("div", { class: "help-groups" }, ...groups)).classList.add("wide");
}

/** @param {string[][]} choices */
function makeKeys(choices) {
  return choices.flatMap((keys, index) => [
    index ? " / " : "",
    ...keys.flatMap((key, position) => [position ? " + " : "", make("kbd", { text: key })]),
  ]).filter((part) => part !== "");
}
