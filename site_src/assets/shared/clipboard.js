/** The clipboard, also where a page is not served over HTTPS. */

/**
 * @param {string} string
 * @returns {Promise<boolean>} whether the clipboard has it
 */
export async function copyText(string) {
  try {
    await navigator.clipboard.writeText(string);
    return true;
  } catch {
    return copyBySelection(string);
  }
}

/** @param {string} string */
function copyBySelection(string) {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = string;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}
