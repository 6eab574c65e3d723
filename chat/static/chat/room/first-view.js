// @ts-check
// Draws the messages that the page of a room contains: those that the room shows first. The conversation, whose code loads
// later, takes over the timeline.
// Must not import what these messages do not need: this module and its imports are the first bundle of the page.

import { byId } from "../ui/dom.js";
import { isReply } from "./replies.js";
import { Timeline } from "./timeline.js";

const MESSAGE_HASH = /^#message-\d+$/;

/** @typedef {import("../connection/room-socket.js").FirstView} FirstView */

/**
 * @typedef {object} Opened
 * @property {Timeline} timeline
 * @property {FirstView | null} firstView null for a page without it, such as a board
 * @property {boolean} isShown whether the reader sees the messages already
 */

/**
 * The room whose messages are on the page, until its conversation starts.
 * @type {{ page: HTMLElement, opened: Opened } | null}
 */
let waiting = null;

/** Draws the first view of the room on the page, if the page has one, and the room does not open at another message. */
export function showFirstView() {
  const page = document.querySelector("#room[data-handle]");
  // The conversation opens the room elsewhere: at a message of the address, or where the person was.
  if (!(page instanceof HTMLElement) || page.dataset.opensAt === "last" || MESSAGE_HASH.test(location.hash)) return;
  const opened = openTimeline(page, page.dataset.handle ?? "");
  if (!opened.firstView) return;
  showBeginning(opened.firstView);
  draw(opened.timeline, opened.firstView);
  waiting = { page, opened: { ...opened, isShown: true } };
}

/**
 * Returns the timeline of a room: the one that `showFirstView` has drawn, or else an empty one.
 * @param {HTMLElement} page the room's element
 * @param {string} me the reader's handle
 * @returns {Opened}
 */
export function takeTimeline(page, me) {
  const opened = waiting?.page === page ? waiting.opened : openTimeline(page, me);
  waiting = null;
  return opened;
}

/**
 * @param {HTMLElement} page
 * @param {string} me
 * @returns {Opened}
 */
function openTimeline(page, me) {
  const [scroller, list] = [page.querySelector("#scroller"), page.querySelector("#messages")];
  if (!(scroller instanceof HTMLElement) || !(list instanceof HTMLElement)) throw new Error("The room has no timeline.");
  const timeline = new Timeline(scroller, list, me);
  return { timeline, firstView: takeData(page), isShown: false };
}

/**
 * @param {HTMLElement} page
 * @returns {FirstView | null}
 */
function takeData(page) {
  const template = page.querySelector("template#first-view");
  if (!(template instanceof HTMLTemplateElement)) return null;
  template.remove();
  return JSON.parse(template.content.textContent ?? "null");
}

/**
 * Shows what is above the messages: the button for older messages, or the beginning of the room. Without this, the messages
 * would move when the conversation shows these elements.
 * @param {FirstView} view
 */
function showBeginning({ messages }) {
  const beginning = byId("beginning");
  const hasOlder = messages[0]?.id > Number(beginning.dataset.keptFrom ?? 1);
  byId("load-older").hidden = !hasOlder;
  beginning.hidden = hasOlder;
  byId("empty-room").hidden = messages.some((message) => !isReply(message));
}

/**
 * Draws the messages, and scrolls to the first unread message, or else to the newest message.
 * @param {Timeline} timeline
 * @param {FirstView} view
 */
function draw(timeline, { messages, first_unread: firstUnread, more_after: hasNewer }) {
  timeline.isLive = !hasNewer;
  for (const message of messages) if (!isReply(message)) timeline.add(message);
  timeline.flush();
  timeline.scrollToEnd();
  timeline.setFirstUnread(firstUnread);
  if (firstUnread !== null && messages[0]?.id <= firstUnread) timeline.scrollToUnread();
}
