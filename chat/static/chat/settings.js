// @ts-check
// The page with a person's settings: offers time zones and notifications, and makes a chosen picture smaller before it is
// uploaded. On the page with new recovery codes, it offers to keep them.
// Must not send anything: the forms of the page and ui/push-settings.js do.

import { canNotify, registerWorker } from "./ui/notification-worker.js";
import { startPushSettings } from "./ui/push-settings.js";
import { offerToKeepCodes } from "./ui/recovery-codes.js";
import { gettext } from "./ui/translation.js";

const PICTURE_PIXELS = 512;

/** Offers the time zones that this browser knows, and shows the time zone of the device in the empty field. */
function offerTimeZones() {
  const list = document.querySelector("#time-zones");
  const field = document.querySelector("[data-fill=time-zone]");
  if (!(list instanceof HTMLDataListElement) || !(field instanceof HTMLInputElement)) {
    return;
  }
  const zones = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];
  list.append(...zones.map((zone) => new Option(zone, zone)));
  field.placeholder = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Returns the middle of a picture as a small square file. Photos from phones are larger than the server accepts.
 * @param {File} file
 * @returns {Promise<File>} the file itself if the browser cannot read it
 */
async function shrink(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const side = Math.min(image.width, image.height);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.min(side, PICTURE_PIXELS);
    const [left, top] = [(image.width - side) / 2, (image.height - side) / 2];
    canvas.getContext("2d")?.drawImage(image, left, top, side, side, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => {
      canvas.toBlob(resolve, "image/png");
    });
    return new File([/** @type {Blob} */ (blob)], "picture.png", { type: "image/png" });
  } catch {
    return file;
  }
}

/** @param {HTMLInputElement} input */
async function replaceChosen(input) {
  const chosen = input.files?.[0];
  if (chosen) {
    const files = new DataTransfer();
    files.items.add(await shrink(chosen));
    input.files = files.files;
  }
}

/** Shows whether this browser may notify the person. If nobody has decided this, shows a button that asks the person. */
function offerNotifications() {
  const part = document.querySelector("#notifications");
  const state = document.querySelector("#notifications-state");
  const button = document.querySelector("#notifications-allow");
  if (!(part instanceof HTMLElement) || !(button instanceof HTMLElement) || !state || !canNotify()) {
    return;
  }
  const sentences = {
    granted: gettext("This browser shows notifications."),
    denied: gettext("This browser blocks the notifications of this site. You can change this in the browser's settings."),
    default: gettext("This browser shows no notifications yet."),
  };
  const show = () => {
    state.textContent = sentences[Notification.permission];
    button.hidden = Notification.permission !== "default";
    part.hidden = false;
  };
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    registerWorker();
    show();
  });
  show();
}

offerTimeZones();
offerNotifications();
startPushSettings();
offerToKeepCodes();
const picture = document.querySelector("[data-picture-form] input[type=file]");
if (picture instanceof HTMLInputElement) {
  picture.addEventListener("change", () => replaceChosen(picture));
}
