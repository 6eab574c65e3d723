// @ts-check
// Deletes what pages have stored for a person: when the person signs out in any tab, and when another person opens a page.
// Must not know what the pages keep: connection/storage.js does.

import { forgetEverybody, forgetOtherPeople, sharedStorage } from "../connection/storage.js";

const SIGN_OUTS = "chat.page.sign-outs";
const FORGOTTEN = "chat:forgotten";

/** The key of the signed-in person, or "" if nobody is signed in. */
export const pagePerson = document.body.dataset.person ?? "";

/**
 * Calls `callback` when the person has signed out. The page must then show nothing that the person has written.
 * @param {() => void} callback
 * @param {AbortSignal} [signal] ends the calls
 */
export function onForgotten(callback, signal) {
  document.addEventListener(FORGOTTEN, callback, { signal });
}

/**
 * Deletes what pages have stored for all people in this browser, and calls the callbacks of `onForgotten`. Call this
 * function when the person signs out, or when the server says that the person is signed out.
 */
export function forgetPerson() {
  forgetEverybody();
  forgetEverybody(sharedStorage);
  document.dispatchEvent(new Event(FORGOTTEN));
}

/** Deletes the data of other people, and starts to watch for a sign-out. page.js calls it once on every page. */
export function watchSignOut() {
  forgetOtherPeople(pagePerson);
  // While nobody is signed in, the shared storage keeps what a person has written for the person's next login.
  if (pagePerson) forgetOtherPeople(pagePerson, sharedStorage);
  const known = sharedStorage.getItem(SIGN_OUTS);
  document.addEventListener("submit", ({ target }) => {
    if (!(target instanceof HTMLFormElement) || target.dataset.signOut === undefined) return;
    forgetPerson();
    // Other tabs receive the event "storage".
    sharedStorage.setItem(SIGN_OUTS, `${Date.now()}-${Math.random()}`);
  });
  window.addEventListener("storage", ({ key }) => key === SIGN_OUTS && forgetPerson());
  // A page that returns from the back/forward cache has missed the event "storage", and may belong to another person.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted || sharedStorage.getItem(SIGN_OUTS) === known) return;
    forgetPerson();
    location.reload();
  });
}
