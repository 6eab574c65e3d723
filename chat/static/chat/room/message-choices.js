// @ts-check
// What a person can do with a message: the names, the icons and the keys of all actions.
// Must not know where an action is offered: the toolbar, the sheet and the keyboard use this list.

import { gettext, pgettext } from "../ui/translation.js";

export const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/**
 * @typedef {Record<"thread" | "edit" | "remove" | "report" | "moderate" | "profile" | "link" | "pin" | "unpin" | "bookmark" | "unbookmark" | "history" | "remind" | "closePoll", boolean>} Rights
 */
/** @typedef {"emoji" | "reply" | "copy" | "select" | keyof Rights} Action */

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
  { action: "reply", label: pgettext("action on a message", "Reply"), icon: "reply", key: "r" },
  { action: "edit", label: pgettext("action on a message", "Edit"), icon: "edit", key: "e", right: "edit" },
  { action: "thread", label: gettext("Reply in thread"), icon: "thread", key: "t", right: "thread" },
  { action: "emoji", label: gettext("React with another emoji"), icon: "emoji", key: "+" },
  { action: "copy", label: gettext("Copy text"), icon: "copy", key: "c" },
  { action: "select", label: gettext("Select text"), icon: "select", key: null },
  { action: "profile", label: gettext("Show the author's profile"), icon: "people", key: "p", right: "profile" },
  { action: "link", label: gettext("Copy link"), icon: "link", key: "l", right: "link" },
  { action: "bookmark", label: pgettext("action on a message", "Bookmark"), icon: "bookmark", key: "b", right: "bookmark" },
  { action: "unbookmark", label: gettext("Remove bookmark"), icon: "bookmark", key: "b", right: "unbookmark" },
  { action: "remind", label: gettext("Remind me about this"), icon: "later", key: "n", right: "remind" },
  { action: "closePoll", label: gettext("Close the poll"), icon: "lock", key: null, right: "closePoll" },
  { action: "pin", label: gettext("Pin for everybody"), icon: "pin", key: "i", right: "pin" },
  { action: "unpin", label: gettext("Unpin"), icon: "pin", key: "i", right: "unpin" },
  { action: "history", label: gettext("Earlier versions"), icon: "history", key: "h", right: "history" },
  { action: "report", label: pgettext("action on a message", "Report"), icon: "report", key: "!", right: "report" },
  { action: "moderate", label: gettext("Moderate this person"), icon: "moderate", key: "m", right: "moderate" },
  { action: "remove", label: pgettext("action on a message", "Remove"), icon: "remove", key: "Delete", right: "remove" },
];

/**
 * Returns the actions that a person may take, in the order in which they are shown.
 * @param {Rights} rights
 */
export function choicesFor(rights) {
  return CHOICES.filter(({ right }) => !right || rights[right]);
}

/**
 * Returns each key of an action with the action's name, once: two actions that exclude each other may share a key.
 * @returns {[key: string, label: string][]}
 */
export function keysOfActions() {
  /** @type {Map<string, string>} */
  const labels = new Map();
  for (const { key, label } of CHOICES) if (key !== null && !labels.has(key)) labels.set(key, label);
  return [...labels];
}

/**
 * Returns the emoji of a key: "1" is the first. Returns undefined for every other key.
 * @param {string} key
 */
export function emojiOfKey(key) {
  return /^[1-9]$/.test(key) ? EMOJI[Number(key) - 1] : undefined;
}
