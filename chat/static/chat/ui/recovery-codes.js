// @ts-check
// The page with new recovery codes: copies, saves and prints them. Must not send or store the codes.

import { copyText } from "./clipboard.js";
import { gettext } from "./translation.js";

/** Shows the buttons of the page, if this is the page with recovery codes. */
export function offerToKeepCodes() {
  const list = document.querySelector("#recovery-codes");
  const tools = document.querySelector("#recovery-code-tools");
  const [copy, save, print] = ["#copy-codes", "#save-codes", "#print-codes"].map((id) => document.querySelector(id));
  if (!list || !(tools instanceof HTMLElement) || !copy || !(save instanceof HTMLAnchorElement) || !print) {
    return;
  }
  const codes = [...list.querySelectorAll("code")].map((code) => code.textContent);
  const text = `${location.host}\n\n${codes.join("\n")}\n`;
  copy.addEventListener("click", async () => {
    copy.textContent = (await copyText(text, tools)) ? gettext("Copied") : gettext("Press Ctrl+C");
  });
  save.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  print.addEventListener("click", () => window.print());
  tools.hidden = false;
}
