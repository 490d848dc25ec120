// Buttons that copy what stands beside them: the key path, the path of the file. Without this script there are none,
// and the text can be selected as any other.

import { copyText } from "./shared/clipboard.js";
import { make } from "./shared/elements.js";

for (const element of document.querySelectorAll("[data-copy]")) {
  if (element instanceof HTMLElement) element.after(copyButton(element));
}

/** @param {HTMLElement} source */
function copyButton(source) {
  const label = `Copy the ${source.dataset.copy}`;
  const button = make("button", { type: "button", class: "dd-copy", title: label, "aria-label": label });
  button.addEventListener("click", async () => {
    const done = await copyText(source.textContent ?? "");
    announce(button, done ? "Copied" : "Select the text to copy it");
  });
  return button;
}

/** @param {HTMLButtonElement} button @param {string} message */
function announce(button, message) {
  const status = make("span", { class: "dd-copied", role: "status" });
  button.after(status);
  // A status is read out when it changes, not when it appears.
  requestAnimationFrame(() => {
    status.textContent = message;
  });
  setTimeout(() => status.remove(), 2000);
}
