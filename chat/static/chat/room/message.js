// @ts-check
// Draws one message. Must not know its place in the timeline, nor send anything.

import { make } from "../ui/dom.js";
import { clockTime, fullTime, isolate, personName } from "../ui/format.js";
import { personNameOf } from "../ui/person-marks.js";
import { describeFiles } from "../ui/files.js";
import { authorAvatar, botMark, guestMark, icon } from "../ui/pictures.js";
import { gettext, pgettext } from "../ui/translation.js";
import { makeBody } from "./message-body.js";
import { keepFiles, makeFiles } from "./message-files.js";
import { makeReactions } from "./message-reactions.js";
import { makePreviews } from "./preview-places.js";
import { makeThreadLine } from "./thread-line.js";

const EXCERPT_LENGTH = 120;
const FOCUSABLE = ".row :is(a[href], button)";

/** @typedef {import("../connection/wire.js").Message} Message */
/**
 * The reader's handle, and other messages. `isThread`: the list shows a thread. The first message of the thread may be in
 * the room's list too, so the elements of the two lists have different ids.
 * @typedef {{ me: string, find: (id: number) => Message | undefined, isThread?: boolean }} View
 */

/**
 * Returns the beginning of a message, for use in a sentence.
 * @param {Message} message
 */
export function excerpt(message) {
  if (message.removed) return gettext("message removed");
  const text = message.body.replace(/\s+/g, " ") || describeFiles(message.files ?? []);
  return isolate(text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text);
}

/**
 * Returns the author and the beginning of a message.
 * @param {Message} message
 */
export function quoteOf(message) {
  return gettext("%(author)s: %(text)s", { author: personName(message.author), text: excerpt(message) });
}

/**
 * @param {Message} message
 * @param {Pick<View, "isThread">} view
 */
function elementId({ id }, { isThread = false }) {
  return isThread ? `thread-message-${id}` : `message-${id}`;
}

/**
 * Makes the empty list item of a message. `redraw` fills the item at first and after every change.
 * @param {Message} message
 * @param {Pick<View, "isThread">} view
 */
export function makeItem(message, view) {
  const id = elementId(message, view);
  // A screen reader says this name when the keyboard's focus reaches the message.
  const name = `${id}-author ${id}-time ${id}-body ${id}-files`;
  return make("li", { id, class: "message", "data-id": message.id, tabindex: "-1", "aria-labelledby": name });
}

/**
 * Makes the links and buttons of a message stops of the Tab key, or removes them from the stops.
 * @param {HTMLElement} item
 * @param {boolean} isReachable
 */
export function setReachable(item, isReachable) {
  for (const element of item.querySelectorAll(FOCUSABLE)) {
    if (isReachable) element.removeAttribute("tabindex");
    else element.setAttribute("tabindex", "-1");
  }
}

/**
 * Fills the item of a message, and sets the classes and data that the styles and other modules use.
 * @param {HTMLElement} item
 * @param {Message} message
 * @param {View} view
 */
export function redraw(item, message, view) {
  const isOwn = message.author.handle === view.me;
  item.dataset.offset = String(message.offset);
  item.dataset.author = message.author.handle;
  if (message.ref) item.dataset.ref = message.ref;
  item.classList.toggle("own", isOwn);
  item.classList.toggle("removed", Boolean(message.removed));
  item.classList.toggle("mentions", !isOwn && isForMe(message, view.me));
  replaceRow(item, makeRow(message, view));
}

/**
 * Replaces the drawn message. If a part of it has the keyboard's focus, the same part gets the focus again, or else the
 * message.
 * @param {HTMLElement} item
 * @param {HTMLElement} row
 */
function replaceRow(item, row) {
  const old = item.querySelector(":scope > .row");
  const isReachable = item.contains(document.activeElement);
  const focused = old?.contains(document.activeElement) ? describe(document.activeElement) : null;
  keepFiles(item, row);
  if (old) old.replaceWith(row);
  else item.append(row);
  setReachable(item, isReachable);
  if (focused === null) return;
  const same = /** @type {HTMLElement[]} */ ([...row.querySelectorAll("a[href], button")]).find((part) => (
    describe(part) === focused
  ));
  (same ?? item).focus({ preventScroll: true });
}

/**
 * Returns what identifies a link, a quote, a reaction, an option of a poll or another button within its message.
 * @param {Element | null} part
 */
function describe(part) {
  const names = ["data-react", "data-jump", "data-thread", "data-copy-code", "data-remove", "data-vote", "data-voters", "href"];
  return names.map((name) => part?.getAttribute(name)).join(" ");
}

/**
 * Shows a new body as plain text, until the server has rendered it.
 * @param {HTMLElement} item
 * @param {string} text
 */
export function showEditedBody(item, text) {
  const body = item.querySelector(".body");
  if (!body) return;
  const hadFocus = body.contains(document.activeElement);
  body.textContent = text;
  if (hadFocus) item.focus({ preventScroll: true });
}

/**
 * @param {Message} message
 * @param {View} view
 */
function makeRow(message, view) {
  const id = elementId(message, view);
  const content = make(
    "div",
    { class: "content" },
    makeHeader(message, id),
    message.reply_to && !message.removed ? makeQuote(message.reply_to, view) : null,
    makeBody(message, view.me, id),
    makeFiles(message, id),
    makePreviews(message),
    makeReactions(message, view.me),
    view.isThread ? null : makeThreadLine(message),
  );
  return make("article", { class: "row" }, authorAvatar(message.author), content);
}

/**
 * @param {Message} message
 * @param {string} id of the message's element
 */
function makeHeader(message, id) {
  const { handle, name = handle, guest: isGuest, bot } = message.author;
  return make(
    "header",
    { class: "meta" },
    make("b", { id: `${id}-author`, class: "author", dir: "auto", text: name }),
    personNameOf(handle),
    guestMark(isGuest),
    botMark(bot),
    make("time", {
      id: `${id}-time`, datetime: message.at, title: fullTime(message.at), text: clockTime(message.at),
    }),
    message.pinned ? makePinMark() : null,
  );
}

function makePinMark() {
  const text = pgettext("a message", "Pinned");
  return make("span", { class: "pin-mark", title: text }, icon("pin"), make("span", { class: "unseen", text }));
}

/**
 * Returns whether a message mentions the reader, or calls people with `@all` or `@here`.
 * @param {Message} message
 * @param {string} me the reader's handle
 */
function isForMe({ mentions = [], audience }, me) {
  return audience !== undefined || mentions.includes(me);
}

/**
 * @param {number} id
 * @param {View} view
 */
function makeQuote(id, view) {
  const original = view.find(id);
  const text = original ? quoteOf(original) : gettext("an earlier message");
  return make("button", { type: "button", class: "quote", "data-jump": id, text });
}
