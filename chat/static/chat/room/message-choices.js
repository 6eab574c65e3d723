// @ts-check
// What a person can do with a message: the names, the icons and the keys of all actions.
// Must not know where an action is offered: the toolbar, the sheet and the keyboard use this list.

export const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/** @typedef {{ edit: boolean, remove: boolean, report: boolean, moderate: boolean, profile: boolean }} Rights */
/** @typedef {"emoji" | "reply" | "edit" | "copy" | "select" | "report" | "moderate" | "profile" | "remove"} Action */

/**
 * @typedef {object} Choice
 * @property {Action} action
 * @property {string} label
 * @property {string} icon
 * @property {string | null} key the key that takes the action while the message has the keyboard's focus
 * @property {keyof Rights} [right] the right that the action needs
 */

/**
 * Takes an action on a message. `emoji` is set for the action "react".
 * @typedef {(action: Action | "react" | "more", id: number, emoji?: string) => void} Act
 */

/** @type {Choice[]} */
const CHOICES = [
  { action: "emoji", label: "React with another emoji", icon: "emoji", key: "+" },
  { action: "reply", label: "Reply", icon: "reply", key: "r" },
  { action: "edit", label: "Edit", icon: "edit", key: "e", right: "edit" },
  { action: "copy", label: "Copy text", icon: "copy", key: "c" },
  { action: "select", label: "Select text", icon: "select", key: null },
  { action: "profile", label: "Show the author's profile", icon: "people", key: "p", right: "profile" },
  { action: "report", label: "Report", icon: "report", key: "!", right: "report" },
  { action: "moderate", label: "Moderate this person", icon: "moderate", key: "m", right: "moderate" },
  { action: "remove", label: "Remove", icon: "remove", key: "Delete", right: "remove" },
];

/**
 * Returns the actions that a person may take, in the order in which they are shown.
 * @param {Rights} rights
 */
export function choicesFor(rights) {
  return CHOICES.filter(({ right }) => !right || rights[right]);
}

/**
 * Returns the emoji of a key: "1" is the first. Returns undefined for every other key.
 * @param {string} key
 */
export function emojiOfKey(key) {
  return /^[1-9]$/.test(key) ? EMOJI[Number(key) - 1] : undefined;
}
