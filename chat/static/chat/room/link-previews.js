// @ts-check
// Draws the previews of the links in a message: cards with the title, the description and the image of the linked pages.
// Everything is text, except the image, which comes from this site. Must not remove a preview: part-removal.js does.
// Only preview-places.js may load this module, with `import()`.

import { make } from "../ui/dom.js";
import { gettext } from "../ui/translation.js";

export { loadLateStyles } from "../ui/late-styles.js";

/** @typedef {import("../connection/wire.js").LinkPreview} LinkPreview */

/**
 * Makes the card of a preview. The Tab key reaches its link and its button only while the keyboard's focus is in the message.
 * @param {LinkPreview} preview
 */
export function makeCard({ id, url, title, description, site, image }) {
  const host = hostOf(url);
  // A page chooses the name of its site freely. So the card always shows the host too.
  const names = site && site !== host ? [make("bdi", { text: site }), make("span", { "aria-hidden": "true", text: "·" })] : [];
  const source = make("p", { class: "link-preview-site" }, ...names, make("bdi", { text: host }));
  const link = make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", tabindex: "-1", text: title });
  const text = make(
    "div", { class: "link-preview-text" }, source, make("p", { class: "link-preview-title", dir: "auto" }, link),
    description ? make("p", { class: "link-preview-description", dir: "auto", text: description }) : null,
  );
  return make("div", { class: description || image ? "link-preview" : "link-preview low" }, text, image ? makeImage(image) : null, makeRemoval(id, title));
}

/** @param {NonNullable<LinkPreview["image"]>} image */
function makeImage({ url, width, height }) {
  // The style gives the image its place before it has arrived, so that no message moves.
  const picture = make("img", { class: "link-preview-image", src: url, alt: "", loading: "lazy", decoding: "async", width, height });
  picture.addEventListener("error", () => picture.remove());
  return picture;
}

/**
 * Makes the button that removes a preview. Only the author and moderators see it.
 * @param {number} id
 * @param {string} title
 */
function makeRemoval(id, title) {
  return make("button", {
    type: "button", class: "link-preview-remove", tabindex: "-1", "data-remove": `previews/${id}`, title: gettext("Remove this preview"),
    "aria-label": gettext("Remove the preview of “%(title)s”", { title }), text: "✕",
  });
}

/** @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host.replace(/^www\./, "");
  } catch {
    return url;
  }
}
