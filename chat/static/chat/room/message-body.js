// @ts-check
// Draws the body of a message: the server's `html` with mentions, links to rooms, code, and tables.
// Only the server's `html` is set as innerHTML; everything else is text. Must not send anything.

import { make } from "../ui/dom.js";
import { nameIfMissing } from "../ui/emoji-picture.js";
import { fullTime } from "../ui/format.js";
import { markTitle } from "../ui/person-marks.js";
import { gettext, pgettext } from "../ui/translation.js";
import { decorateCode } from "./code-blocks.js";
import { isEmojiOnly } from "./emoji-only.js";
import { makePollBody } from "./late-polls.js";
import { linkRooms } from "./marks.js";
import { markMentions } from "./mention-marks.js";

const SCROLLER = Object.freeze({ tabindex: "0", role: "group" });
// The elements whose text decides their direction, and with it the side of their bullets or border. chat.css gives each
// paragraph within a block its own direction.
const BLOCKS = ":scope > :is(p, ul, ol, blockquote, table), a";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * Draws the body of a message, with its mentions, its links to rooms, and the mark "edited". For a removed message, draws a
 * sentence.
 * @param {Message} message
 * @param {string} me the reader's handle
 * @param {string} itemId the id of the message's element
 */
export function makeBody(message, me, itemId) {
  const id = `${itemId}-body`;
  if (message.removed) return make("div", { id, class: "body", text: gettext("message removed") });
  const element = message.poll ? makePollBody(message.poll, me) : makeBodyOf(message);
  element.id = id;
  if (message.poll) return element;
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
  if (hasOnlyPictures(element)) element.classList.add("emoji-only");
  for (const picture of /** @type {NodeListOf<HTMLImageElement>} */ (element.querySelectorAll("img.emoji"))) nameIfMissing(picture);
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
 * Returns whether a body is only one to three of the site's own emoji.
 * @param {HTMLElement} body
 */
function hasOnlyPictures(body) {
  const { length } = body.querySelectorAll("img.emoji");
  return length > 0 && length <= 3 && body.textContent?.trim() === "";
}

/**
 * @param {string} text
 * @param {string | null} handle the person's handle; null for `@all` and `@here`
 * @param {string} me
 */
function makeMention(text, handle, me) {
  const element = make("span", { class: `mention${handle === me || handle === null ? " me" : ""}`, text });
  return handle === null ? element : markTitle(element, handle);
}

/**
 * Lets the keyboard scroll long lines of code and wide tables: the arrow keys scroll only the element that has the focus.
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
