// @ts-check
// Draws the files of a message: pictures in a grid with their places reserved, players for films and sound, and cards for
// other files. Must not open the viewer: viewing.js does.

import { make } from "../ui/dom.js";
import { isPicture, isPlayed, kindOf, shownSize } from "../ui/files.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";
import { fileSize } from "../ui/units.js";

// Bytes. A smaller animation moves in the conversation too. A larger one moves only in the viewer.
const LARGEST_ANIMATION = 3_000_000;
const stillPictures = globalThis.window?.matchMedia?.("(prefers-reduced-motion: reduce)");

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("../connection/wire.js").MessageFile} MessageFile */

/**
 * Draws the files of a message. Returns null if it has none.
 * @param {Message} message
 * @param {string} elementId the id of the message's element
 */
export function makeFiles({ files = [], removed, body }, elementId) {
  if (removed || !files.length) return null;
  // A message must keep a text or a file.
  const isRemovable = body || files.length > 1;
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  const grid = pictures.length ? make("div", { class: "pictures" }, ...pictures.map((file) => addRemoval(file, makePicture(file, pictures.length === 1), isRemovable))) : null;
  const shown = files.map((file) => `${file.id}${file.thumbnail ? "+" : ""}${isPicture(file) ? "" : "-"}`);
  const state = [...shown, isRemovable ? "removable" : ""].join(" ");
  return make("div", { class: "files", id: `${elementId}-files`, "data-files": state }, grid, ...others.map((file) => addRemoval(file, makeOther(file), isRemovable)));
}

/**
 * Adds the button that removes a file from its message, if it can be removed. Only the author and moderators see the button.
 * @param {MessageFile} file
 * @param {HTMLElement} element
 * @param {unknown} isRemovable
 */
function addRemoval({ id, name }, element, isRemovable) {
  if (!isRemovable) return element;
  return make("div", { class: "file" }, element, make("button", {
    type: "button", "data-remove": `files/${id}`, "aria-label": gettext("Remove %(name)s", { name }), text: "✕",
  }));
}

/**
 * Moves the drawn files of a message into the row that replaces the old row, if both rows have the same files. So a film
 * continues, and no picture flickers, when somebody reacts to the message.
 * @param {HTMLElement} old contains the row on the page
 * @param {HTMLElement} row the row that will replace it in the same step
 */
export function keepFiles(old, row) {
  const before = /** @type {HTMLElement | null} */ (old.querySelector(".files"));
  const after = /** @type {HTMLElement | null} */ (row.querySelector(".files"));
  if (before && after && before.dataset.files === after.dataset.files) after.replaceWith(before);
}

/**
 * @param {MessageFile} file
 * @param {boolean} isAlone
 */
function makePicture(file, isAlone) {
  const element = file.thumbnail ? makeLink(file) : makePlaceholder(file);
  const { width, height } = shownSize(file, isAlone);
  element.style.width = `${width}px`;
  element.style.aspectRatio = `${width} / ${height}`;
  return element;
}

/** @param {MessageFile} file */
function makeLink(file) {
  const isMoving = file.type === "image/gif" && file.size <= LARGEST_ANIMATION && !stillPictures?.matches;
  const source = isMoving ? file.url : file.thumbnail;
  const image = make("img", { src: source, alt: file.name, loading: "lazy", decoding: "async", draggable: "false" });
  return make("a", { class: "picture", href: file.url, target: "_blank", rel: "noopener", "data-view": file.id, title: file.name }, image);
}

/** @param {MessageFile} file */
function makePlaceholder({ name }) {
  const title = gettext("This picture is being prepared: %(name)s", { name });
  return make("span", { class: "picture waiting", role: "img", "aria-label": title, title }, icon("picture"));
}

/** @param {MessageFile} file */
function makeOther(file) {
  return isPlayed(file) ? makePlayer(file) : makeCard(file);
}

/** @param {MessageFile} file */
function makePlayer(file) {
  const isFilm = file.type.startsWith("video/");
  const player = make(isFilm ? "video" : "audio", { controls: true, preload: "metadata", src: file.url, "aria-label": file.name, playsinline: isFilm });
  return make("div", { class: isFilm ? "player film" : "player" }, player, makeCard(file));
}

/**
 * Draws a file as a card with its name, kind and size. The card is a link that saves the file.
 * @param {MessageFile} file
 */
export function makeCard({ name, size, url }) {
  const facts = gettext("%(kind)s, %(size)s", { kind: kindOf(name), size: fileSize(size) });
  return make(
    "a", { class: "file-card", href: url, download: name, title: gettext("Save %(name)s", { name }) },
    icon("file"),
    make("span", { class: "file-facts" }, make("bdi", { class: "file-name", text: name }), make("small", { text: facts })),
    icon("download"),
  );
}
