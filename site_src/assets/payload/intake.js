/** Taking a payload in: a chosen or dropped file, or pasted text. */

import { byId } from "../shared/elements.js";
import { decoded } from "./encoding.js";
import { checkPayload } from "./findings.js";
import { isObject } from "./json_values.js";
import { cut, size } from "./wording.js";

/** @typedef {import("./findings.js").Entry} Entry */

/** @typedef {{name: string, bytes: number, recordedAt: string, entries: Entry[]}} Payload */

/** Takes the name and the text of what may be a payload. @typedef {(name: string, text: string) => void} Take */

/** Tells why something cannot be taken in. @typedef {(message: string) => void} Refuse */

const MAX_BYTES = 200_000_000;
const PASTED = "Pasted text";

/**
 * Reads a payload and checks it; `refuse` is told why it cannot be read.
 *
 * @param {string} name
 * @param {string} text
 * @param {import("./definitions.js").Definitions} definitions
 * @param {Refuse} refuse
 * @returns {Payload | null}
 */
export function readPayload(name, text, definitions, refuse) {
  if (text.trim() === "") {
    refuse("There is nothing to read yet: paste a payload, or choose a file.");
    return null;
  }
  let value;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? cut(error.message, 200) : "unknown";
    refuse(`This is not JSON, or only a part of it: ${reason}. Give the payload as it was exported.`);
    return null;
  }
  if (!isObject(value)) {
    refuse("A payload is a JSON object, with braces around its keys; this is another kind of value.");
    return null;
  }
  const recordedAt = Object.hasOwn(value, "recorded_at") ? /** @type {any} */ (value).recorded_at : "";
  return {
    name,
    bytes: text.length,
    recordedAt: typeof recordedAt === "string" ? cut(recordedAt, 40) : "",
    entries: checkPayload(value, definitions),
  };
}

/**
 * Calls `take` with whatever somebody chooses, drops, pastes or types.
 *
 * @param {Take} take
 * @param {Refuse} refuse
 */
export function listenForPayloads(take, refuse) {
  const file = /** @type {HTMLInputElement} */ (byId("payload-file"));
  const text = /** @type {HTMLTextAreaElement} */ (byId("payload-text"));
  const intake = byId("payload-intake");
  const takeFile = (/** @type {File} */ chosen) => void readFile(chosen, take, refuse);
  byId("payload-open").addEventListener("click", () => file.click());
  byId("payload-read").addEventListener("click", () => take(PASTED, text.value));
  file.addEventListener("change", () => {
    if (file.files?.length) takeFile(file.files[0]);
    file.value = "";
  });
  document.addEventListener("paste", (event) => paste(event, take, takeFile));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    intake.classList.add("dd-intake--over");
  });
  document.addEventListener("dragleave", () => intake.classList.remove("dd-intake--over"));
  document.addEventListener("drop", (event) => {
    const dropped = event.dataTransfer?.files[0];
    if (!dropped) return;
    event.preventDefault();
    intake.classList.remove("dd-intake--over");
    takeFile(dropped);
  });
}

/**
 * Takes a whole payload without putting megabytes into a text field first. What is pasted into other text stays there.
 *
 * @param {ClipboardEvent} event
 * @param {Take} take
 * @param {(file: File) => void} takeFile
 */
function paste(event, take, takeFile) {
  const target = /** @type {HTMLInputElement} */ (event.target);
  if ("value" in target && (target.id !== "payload-text" || target.value.trim() !== "")) return;
  const file = event.clipboardData?.files[0];
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!file && !text.trim().startsWith("{")) return;
  event.preventDefault();
  if (file) takeFile(file);
  else take(PASTED, text);
}

/**
 * @param {File} file
 * @param {Take} take
 * @param {Refuse} refuse
 */
async function readFile(file, take, refuse) {
  if (file.size > MAX_BYTES) {
    refuse(`${file.name} has ${size(file.size)}; this page reads up to ${size(MAX_BYTES)}.`);
    return;
  }
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    refuse(`${cut(file.name, 80)} cannot be read; check that it is still there, and choose it again.`);
    return;
  }
  const text = decoded(bytes);
  if (text === null) refuse(`${cut(file.name, 80)} is neither UTF-8 nor UTF-16; give the payload as it was exported.`);
  else take(file.name, text);
}
