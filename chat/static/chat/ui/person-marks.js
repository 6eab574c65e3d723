// @ts-check
// Shows the names and the pictures of people beside their handles, and updates both when people change their profiles.
// Must not ask the server: the directory does. Pages without a directory, such as boards, show handles only.
//
// `data-who` of an element is the handle of the person, and `data-shows` is what the element shows of the person.

import { make } from "./dom.js";
import { gettext } from "./translation.js";

const PICTURE = "picture";
const NAME = "name";
const TITLE = "title";
const WORDS = "words";
const MARKED = "[data-who]";

/** @typedef {import("../connection/directory.js").Directory} Directory */

/** @type {Directory | null} */
let directory = null;

/** Only people on the screen are looked up, so that a long list needs no requests for its other people. */
const watcher = new IntersectionObserver((entries) => {
  const shown = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => /** @type {HTMLElement} */ (target));
  for (const element of shown) watcher.unobserve(element);
  directory?.ask(shown.map(({ dataset }) => dataset.who ?? ""));
});

/**
 * Sets the directory of the page. Call this before people are drawn.
 * @param {Directory} found
 * @param {(handles: string[]) => void} [changed] is called after each `people` event, when the page shows the new names
 */
export function useDirectory(found, changed) {
  directory = found;
  directory.on("people", ({ handles }) => {
    updatePeople(document, new Set(handles));
    changed?.(handles);
  });
}

/**
 * Shows the newest names and pictures of the people within an element. Call this for an element that returns to the
 * page: names may have changed while it was outside.
 * @param {ParentNode} root
 * @param {Set<string> | null} [handles] only these people
 */
export function updatePeople(root, handles = null) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(MARKED))) {
    if (!handles || handles.has(element.dataset.who ?? "")) fill(element);
  }
}

/**
 * Makes an avatar show the picture of a person when the person has one.
 * @template {HTMLElement} T
 * @param {T} element
 * @param {string} handle
 */
export function markPicture(element, handle) {
  return mark(element, handle, PICTURE);
}

/**
 * Makes the element that shows the name of a person beside the handle. The element is empty if the person has no name, or
 * if the name is the handle.
 * @param {string} handle
 */
export function personNameOf(handle) {
  return mark(make("bdi", { class: "person-name" }), handle, NAME);
}

/**
 * Makes an element with the name and the handle of a person, for a list: "Alice Liddell (alice)".
 * @param {string} handle
 */
export function personInWords(handle) {
  return mark(make("bdi", { text: handle }), handle, WORDS);
}

/**
 * Makes an element show the name of a person as its title.
 * @template {HTMLElement} T
 * @param {T} element
 * @param {string} handle
 */
export function markTitle(element, handle) {
  return mark(element, handle, TITLE);
}

/**
 * Returns the name of a person with the handle, for a list or a sentence: "Alice Liddell (alice)".
 * @param {string} handle
 */
export function nameInWords(handle) {
  const name = directory?.get(handle)?.name;
  return name && name !== handle ? gettext("%(name)s (%(handle)s)", { name, handle }) : handle;
}

/**
 * @template {HTMLElement} T
 * @param {T} element
 * @param {string} handle
 * @param {string} kind
 */
function mark(element, handle, kind) {
  if (!directory) return element;
  element.dataset.who = handle;
  element.dataset.shows = kind;
  fill(element);
  watcher.observe(element);
  return element;
}

/** @param {HTMLElement} element */
function fill(element) {
  const { who: handle = "", shows } = element.dataset;
  const profile = directory?.get(handle);
  if (shows === PICTURE) showPicture(element, profile?.picture);
  else if (shows === TITLE) element.title = profile?.name ?? "";
  else if (shows === WORDS) element.textContent = nameInWords(handle);
  else if (shows === NAME) showName(element, profile?.name && profile.name !== handle ? profile.name : "");
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 */
function showName(element, name) {
  if (element.textContent === name) return;
  // If the name arrives when the line is already on the page, the style "late" puts the name after the time of the
  // message. So the rest of the line does not move.
  if (element.isConnected && !element.textContent) element.classList.add("late");
  element.textContent = name;
  element.title = name;
}

/**
 * Lays the picture over the letter, which stays visible until the picture has loaded.
 * @param {HTMLElement} element
 * @param {string} [digest]
 */
function showPicture(element, digest) {
  const old = element.querySelector("img");
  if ((old?.dataset.digest ?? "") === (digest ?? "")) return;
  old?.remove();
  if (!digest) return;
  const picture = make("img", { alt: "", width: 36, height: 36, loading: "lazy", decoding: "async", "data-digest": digest });
  picture.addEventListener("error", () => picture.remove());
  picture.src = `/pictures/${digest}/`;
  element.append(picture);
}
