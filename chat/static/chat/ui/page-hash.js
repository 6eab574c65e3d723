// @ts-check
// Keeps the part of the address behind "#" during a sign-in: a link to a message then leads to the message.
// Must not know what the address means. Every page loads this module.

/** Adds the hash to the forms and links that return to this page. A browser keeps a hash when the server redirects. */
export function keepHash() {
  const { hash } = location;
  if (!hash) return;
  for (const next of document.querySelectorAll("form[action] [name=next]")) {
    const form = next.closest("form");
    form?.setAttribute("action", form.getAttribute("action") + hash);
  }
  for (const link of document.querySelectorAll("a[href*='?next=']")) link.setAttribute("href", link.getAttribute("href") + hash);
}
