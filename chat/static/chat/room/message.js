// @ts-check
// Draws one message. Must not know its place in the timeline, nor send anything.
// Only the server's `html` is set as innerHTML; everything else is text.

import { make } from "../ui/dom.js";
import { clockTime, countPeople, fullTime, isolate, personName } from "../ui/format.js";
import { markTitle, nameInWords, personNameOf } from "../ui/person-marks.js";
import { avatar, guestMark, icon } from "../ui/pictures.js";
import { formatNumber, gettext, pgettext } from "../ui/translation.js";
import { decorateCode } from "./code-blocks.js";
import { isEmojiOnly } from "./emoji-only.js";
import { linkRooms } from "./marks.js";
import { markMentions } from "./mention-marks.js";
import { sentenceOf } from "./reactors-tip.js";

const EXCERPT_LENGTH = 120;
const SCROLLER = Object.freeze({ tabindex: "0", role: "group" });
// The elements whose text decides their direction, and with it the side of their bullets or border. chat.css gives each
// paragraph within a block its own direction.
const BLOCKS = ":scope > :is(p, ul, ol, blockquote, table), a";
const FOCUSABLE = ".row :is(a[href], button)";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {{ me: string, find: (id: number) => Message | undefined }} View the reader's handle, and other messages */

/**
 * Returns the beginning of a message, for use in a sentence.
 * @param {Message} message
 */
export function excerpt(message) {
  if (message.removed) return gettext("message removed");
  const text = message.body.replace(/\s+/g, " ");
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
 * Makes the empty list item of a message. `redraw` fills the item at first and after every change.
 * @param {Message} message
 */
export function makeItem(message) {
  const id = `message-${message.id}`;
  // A screen reader says this name when the keyboard's focus reaches the message.
  const name = `${id}-author ${id}-time ${id}-body`;
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
 * Returns what identifies a link, a quote or a reaction within its message.
 * @param {Element | null} part
 */
function describe(part) {
  return ["data-react", "data-jump", "data-copy-code", "href"].map((name) => part?.getAttribute(name)).join(" ");
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
  const content = make(
    "div",
    { class: "content" },
    makeHeader(message),
    message.reply_to && !message.removed ? makeQuote(message.reply_to, view) : null,
    makeBody(message, view),
    makeReactions(message, view),
  );
  return make("article", { class: "row" }, avatar(message.author.handle), content);
}

/** @param {Message} message */
function makeHeader(message) {
  return make(
    "header",
    { class: "meta" },
    make("b", { id: `message-${message.id}-author`, class: "author", dir: "auto", text: message.author.handle }),
    personNameOf(message.author.handle),
    guestMark(message.author.guest),
    make("time", {
      id: `message-${message.id}-time`, datetime: message.at, title: fullTime(message.at), text: clockTime(message.at),
    }),
    message.pinned ? makePinMark() : null,
  );
}

function makePinMark() {
  const text = pgettext("a message", "Pinned");
  return make("span", { class: "pin-mark", title: text }, icon("pin"), make("span", { class: "unseen", text }));
}

/**
 * Returns whether a message mentions the reader, or calls everybody.
 * @param {Message} message
 * @param {string} me the reader's handle
 */
function isForMe({ mentions = [], audience }, me) {
  return audience !== undefined || mentions.includes(me);
}

/**
 * @param {Message} message
 * @param {View} view
 */
function makeBody(message, { me }) {
  const id = `message-${message.id}-body`;
  if (message.removed) return make("div", { id, class: "body", text: gettext("message removed") });
  const element = makeBodyOf(message);
  element.id = id;
  const { mentions = [], audience } = message;
  markMentions(element, audience ? [...mentions, audience] : mentions, (text, name) => (
    makeMention(text, mentions.includes(name) ? name : null, me)
  ));
  linkRooms(element);
  if (message.edited_at) {
    element.append(make("span", { class: "edited", title: fullTime(message.edited_at), text: pgettext("a message", "edited") }));
  }
  return element;
}

/**
 * Draws the text of a message, or of a preview.
 * @param {Pick<Message, "body" | "html">} message
 */
export function makeBodyOf({ body, html }) {
  const element = make("div", { class: isEmojiOnly(body) ? "body emoji-only" : "body" });
  if (typeof html === "string") element.innerHTML = html;
  else element.textContent = body;
  for (const block of element.querySelectorAll(BLOCKS)) block.setAttribute("dir", "auto");
  makeScrollersFocusable(element);
  decorateCode(element);
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (element.querySelectorAll("a[href]"))) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  return element;
}

/**
 * @param {string} text
 * @param {string | null} handle null for a call to everybody
 * @param {string} me
 */
function makeMention(text, handle, me) {
  const element = make("span", { class: `mention${handle === me || handle === null ? " me" : ""}`, text });
  return handle === null ? element : markTitle(element, handle);
}

/**
 * Lets the keyboard scroll long lines of code and wide tables: only an element that can have the focus scrolls.
 * @param {HTMLElement} body
 */
function makeScrollersFocusable(body) {
  for (const code of body.querySelectorAll("pre")) {
    for (const [name, value] of Object.entries({ ...SCROLLER, "aria-label": gettext("Code") })) code.setAttribute(name, value);
  }
  for (const table of body.querySelectorAll("table")) {
    const scroller = make("div", { class: "table-scroller", ...SCROLLER, "aria-label": gettext("Table") });
    table.replaceWith(scroller);
    scroller.append(table);
  }
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

/**
 * @param {Message} message
 * @param {View} view
 */
function makeReactions(message, view) {
  const entries = Object.entries(message.reactions ?? {}).filter(([, handles]) => handles.length);
  if (!entries.length || message.removed) return null;
  return make("div", { class: "reactions" }, ...entries.map(([emoji, handles]) => (
    makeReaction(emoji, handles, reactorsOf(message, emoji), view.me)
  )));
}

/**
 * Returns the names of the people who reacted with an emoji.
 * @param {Message} message
 * @param {string} emoji
 */
export function reactorsOf({ reactions, guests = [] }, emoji) {
  return (reactions?.[emoji] ?? []).map((handle) => personName({ handle: nameInWords(handle), guest: guests.includes(handle) }));
}

/**
 * @param {string} emoji
 * @param {string[]} handles the people who reacted with this emoji
 * @param {string[]} names their names
 * @param {string} me
 */
function makeReaction(emoji, handles, names, me) {
  return make(
    "button",
    {
      type: "button", class: "reaction", "data-react": emoji, "aria-pressed": String(handles.includes(me)),
      "aria-label": gettext("%(emoji)s, %(people)s: %(names)s", {
        emoji, people: countPeople(handles.length), names: sentenceOf(names),
      }),
    },
    make("span", { text: emoji }),
    make("span", { class: "number", text: formatNumber(handles.length) }),
  );
}
