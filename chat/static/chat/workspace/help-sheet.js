// @ts-check
// The list of all keys. Must not take any key: the parts of the page do.

import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { keysOfActions } from "../room/message-choices.js";

const isMac = /mac|iphone|ipad/i.test(navigator.platform);
const COMMAND = isMac ? "⌘" : "Ctrl";
const ALT = isMac ? "⌥" : "Alt";

/** @typedef {[keys: string[][], what: string]} Line */

/**
 * Keys that are pressed together stand in one list; several lists are choices.
 * @type {[heading: string, keys: Line[]][]}
 */
const GROUPS = [
  ["Everywhere", [
    [[[COMMAND, "K"]], "Find rooms, people, messages"],
    [[[ALT, "↓ ↑"]], "Next or previous unread room"],
    [[["↓"], ["↑"]], "Move in the list of rooms"],
    [[["Ctrl", "Shift", "F"]], "Search messages"],
    [[["?"]], "Show this list"],
    [[["Esc"]], "Close what is open"],
  ]],
  ["In the field", [
    [[["Enter"]], "Send"],
    [[["Shift", "Enter"]], "New line"],
    [[["↑"]], "Edit your last message"],
    [[["Shift", "Tab"]], "Go to the messages"],
    [[["Esc"]], "End a reply or an edit"],
    [[["@"], ["#"], [":"], ["/"]], "Complete a person, a room, an emoji or a command"],
  ]],
  ["On a message", [
    [[["↓"], ["↑"]], "Next or previous message"],
    [[["Page ↓ ↑"]], "One screen on"],
    [[["Home"], ["End"]], "First or last message"],
    [[["Enter"]], "Show all actions"],
    [[["1–6"]], "React with an emoji"],
    ...keysOfActions().map(([key, label]) => /** @type {Line} */ ([[[key.length === 1 ? key.toUpperCase() : key]], label])),
    [[["Esc"]], "Back to the field"],
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
  openDialog("Keys", "help-sheet", make("div", { class: "help-groups" }, ...groups)).classList.add("wide");
}

/** @param {string[][]} choices */
function makeKeys(choices) {
  return choices.flatMap((keys, index) => [
    index ? " / " : "",
    ...keys.flatMap((key, position) => [position ? " + " : "", make("kbd", { text: key })]),
  ]).filter((part) => part !== "");
}
