// Copying a link, also where the browser has no clipboard for us. Must not know what is copied.

const SHOWN_MS = 2_000;

/** A button that copies what the input beside it holds, and says so for a moment. */
export function copies(button, input) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    input.select();
    button.textContent = (await copy(input.value)) ? "Copied" : "Press Ctrl+C";
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { button.textContent = label; }, SHOWN_MS);
  });
}

// Plain http knows no `navigator.clipboard`; what is selected can be copied all the same.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
