// @ts-check
// Buttons that copy what stands beside them: the key path, the path of the file. Without this script there are none,
// and the text can be selected as any other.

for (const element of document.querySelectorAll("[data-copy]")) {
  if (element instanceof HTMLElement) element.after(copyButton(element));
}

/**
 * @param {HTMLElement} source
 * @returns {HTMLButtonElement}
 */
function copyButton(source) {
  const label = `Copy the ${source.dataset.copy}`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dd-copy";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", async () => {
    const done = await copy(source.textContent ?? "");
    tell(button, done ? "Copied" : "Select the text to copy it");
  });
  return button;
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether the clipboard has it
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/**
 * The way that also works where a page is not served over HTTPS.
 * @param {string} text
 * @returns {boolean}
 */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} message
 */
function tell(button, message) {
  const status = document.createElement("span");
  status.className = "dd-copied";
  status.setAttribute("role", "status");
  button.after(status);
  // A status is read out when it changes, not when it appears.
  requestAnimationFrame(() => {
    status.textContent = message;
  });
  setTimeout(() => status.remove(), 2000);
}
