// @ts-check
// Opens the viewer when a person clicks on a picture of a message. Must not draw: viewer.js does, which loads late.

import { closestTo } from "../ui/dom.js";
import { isPicture } from "../ui/files.js";
import { loadLateStyles } from "../ui/late-styles.js";

/** @typedef {import("./viewer.js").Shown} Shown */

/**
 * @param {HTMLElement} list contains the messages
 * @param {() => import("../connection/wire.js").Message[]} messages all loaded messages
 * @param {import("./late-dialogs.js").WithDialogs} withDialogs
 */
export function watchPictures(list, messages, withDialogs) {
  list.addEventListener("click", (event) => {
    const link = closestTo(event, "a[data-view]");
    // With one of these keys, the browser opens the picture in a tab or saves it.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const shown = listPictures(messages());
    const index = shown.findIndex(({ file }) => file.id === link.dataset.view);
    if (index < 0) return;
    withDialogs(async ({ openViewer }) => {
      await loadLateStyles();
      openViewer(shown, index);
    });
  });
}

/**
 * Returns the pictures of messages that can be viewed, the oldest first.
 * @param {import("../connection/wire.js").Message[]} messages
 * @returns {Shown[]}
 */
export function listPictures(messages) {
  return messages.flatMap(({ files = [], removed, author, at }) => (
    removed ? [] : files.filter((file) => isPicture(file) && file.thumbnail).map((file) => ({ file, author, at }))
  ));
}
