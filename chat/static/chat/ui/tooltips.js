// @ts-check
// Shows the `title` of an element that a finger or a pen taps, because browsers show it only to a mouse.
// Must not show the titles of controls and of messages: a control has a name, and the sheet of a message has the times.

import { closestTo, make } from "./dom.js";

const SHOWN_MS = 4_000;
const EDGE_PX = 8;

const bubble = make("p", { class: "tooltip", role: "status", popover: "manual" });
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let pointerType = "mouse";

function hide() {
  clearTimeout(timer);
  bubble.remove();
}

/** @param {HTMLElement} element */
function show(element) {
  hide();
  bubble.textContent = element.title;
  // A dialog covers and blocks the rest of the page.
  (element.closest("dialog") ?? document.body).append(bubble);
  bubble.showPopover?.();
  const { left, top, bottom } = element.getBoundingClientRect();
  const { width, height } = bubble.getBoundingClientRect();
  const isBelow = top - height - EDGE_PX < 0;
  bubble.style.left = `${Math.max(EDGE_PX, Math.min(left, window.innerWidth - width - EDGE_PX))}px`;
  bubble.style.top = `${isBelow ? bottom + EDGE_PX : top - height - EDGE_PX}px`;
  timer = setTimeout(hide, SHOWN_MS);
}

/** Starts to show titles. page.js calls it once on every page. */
export function showTitlesOnTap() {
  document.addEventListener("pointerdown", (event) => {
    pointerType = event.pointerType;
    if (bubble.isConnected) hide();
  }, true);
  document.addEventListener("scroll", () => bubble.isConnected && hide(), { capture: true, passive: true });
  document.addEventListener("click", (event) => {
    const titled = closestTo(event, "[title]");
    if (pointerType === "mouse" || !titled?.title || closestTo(event, "a, button, summary, input, .message")) return;
    show(titled);
  });
}
