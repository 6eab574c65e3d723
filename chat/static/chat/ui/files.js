// @ts-check
// What pages say about files, and the size at which they show pictures.
// Must not draw, and must not load a file.

import { gettext, ngettext } from "./translation.js";

const PLAYED = /^(?:audio\/(?:mpeg|mp4|ogg|wav|webm)|video\/(?:mp4|webm|quicktime))$/;
const LONGEST_ENDING = 5;
// In CSS pixels: the largest width and height of a picture that is alone, the height of each of several pictures, and the
// smallest width.
const WIDEST = 360;
const HIGHEST = 320;
const TILE = 150;
const NARROWEST = 56;
// The largest ratio of the two sides. A longer side is cut.
const STEEPEST = 3;

/** @typedef {import("../connection/wire.js").MessageFile} MessageFile */

/**
 * Returns whether pages show a file as a picture.
 * @param {Pick<MessageFile, "width" | "height">} file
 */
export function isPicture({ width, height }) {
  return Boolean(width && height);
}

/**
 * Returns whether the browser can play a file within the page.
 * @param {Pick<MessageFile, "type">} file
 */
export function isPlayed({ type }) {
  return PLAYED.test(type);
}

/**
 * Returns a short word for the kind of a file, from the ending of its name: "PDF".
 * @param {string} name
 */
export function kindOf(name) {
  const ending = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "";
  return ending && ending.length <= LONGEST_ENDING ? ending.toUpperCase() : gettext("File");
}

/**
 * Returns what the files of a message are, in a few words: "2 pictures", "report.pdf", "3 files"; "" for none.
 * @param {Pick<MessageFile, "name" | "type">[]} files
 */
export function describeFiles(files) {
  if (!files.length) return "";
  const pictures = files.filter(({ type }) => type.startsWith("image/")).length;
  if (pictures === files.length) return ngettext("Picture", "%(count)s pictures", pictures);
  if (files.length === 1) return files[0].name;
  return ngettext("%(count)s file", "%(count)s files", files.length);
}

/**
 * Returns the size at which a picture is shown, in CSS pixels.
 * @param {{ width?: number, height?: number }} picture
 * @param {boolean} isAlone
 */
export function shownSize({ width = 1, height = 1 }, isAlone) {
  const ratio = Math.min(STEEPEST, Math.max(1 / STEEPEST, width / height));
  if (!isAlone) return { width: Math.round(Math.max(NARROWEST, TILE * Math.min(ratio, 1.8))), height: TILE };
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  const shown = Math.max(NARROWEST, Math.min(WIDEST, width * scale, HIGHEST * ratio));
  return { width: Math.round(shown), height: Math.round(shown / ratio) };
}
