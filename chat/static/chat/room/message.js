// @ts-check
// Draws one message. Must not know its place in the timeline, nor send anything.
// Only the server's `html` is set as innerHTML; everything else is text.

import { make } from "../ui/dom.js";
import { clockTime, fullTime, personName, plural } from "../ui/format.js";
import { avatar, guestMark } from "../ui/pictures.js";

const EXCERPT_LENGTH = 120;

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {{ me: string, find: (id: number) => Message | undefined }} View the reader's handle, and other messages */

/** @param {Message} message */
export function excerpt(message) {
  if (message.removed) return "message removed";
  const text = message.body.replace(/\s+/g, " ");
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}

/**
 * Makes the empty list item of a message. `redraw` fills the item at first and after every change.
 * @param {Message} message
 */
export function makeItem(message) {
  return make("li", { id: `message-${message.id}`, class: "message", "data-id": message.id, tabindex: "-1" });
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
  item.classList.toggle("mentions", !isOwn && Boolean(message.mentions?.includes(view.me)));
  item.querySelector(".row")?.remove();
  item.append(makeRow(message, view));
}

/**
 * Shows a new body as plain text, until the server has rendered it.
 * @param {HTMLElement} item
 * @param {string} text
 */
export function showEditedBody(item, text) {
  const body = item.querySelector(".body");
  if (body) body.textContent = text;
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
    makeBody(message),
    makeReactions(message, view),
  );
  return make("article", { class: "row" }, avatar(message.author.handle), content);
}

/** @param {Message} message */
function makeHeader(message) {
  return make(
    "header",
    { class: "meta" },
    make("b", { class: "author", text: message.author.handle }),
    guestMark(message.author.guest),
    make("time", { datetime: message.at, title: fullTime(message.at), text: clockTime(message.at) }),
  );
}

/** @param {Message} message */
function makeBody(message) {
  if (message.removed) return make("div", { class: "body", text: "message removed" });
  const element = make("div", { class: "body" });
  if (typeof message.html === "string") element.innerHTML = message.html;
  else element.textContent = message.body;
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (element.querySelectorAll("a[href]"))) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  if (message.edited_at) {
    element.append(make("span", { class: "edited", title: fullTime(message.edited_at), text: "edited" }));
  }
  return element;
}

/**
 * @param {number} id
 * @param {View} view
 */
function makeQuote(id, view) {
  const original = view.find(id);
  const text = original ? `${personName(original.author)}: ${excerpt(original)}` : "an earlier message";
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
    makeReaction(emoji, handles, message.guests ?? [], view.me)
  )));
}

/**
 * @param {string} emoji
 * @param {string[]} handles the people who reacted with this emoji
 * @param {string[]} guests the guests among the people who reacted
 * @param {string} me
 */
function makeReaction(emoji, handles, guests, me) {
  const names = handles.map((handle) => personName({ handle, guest: guests.includes(handle) }));
  return make(
    "button",
    {
      type: "button", class: "reaction", "data-react": emoji, title: names.join(", "),
      "aria-pressed": String(handles.includes(me)), "aria-label": `${emoji}, ${plural(handles.length, "person", "people")}`,
    },
    make("span", { text: emoji }),
    make("span", { class: "number", text: handles.length }),
  );
}
