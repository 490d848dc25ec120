/** What became of a value between two payloads. */

import { isFallback } from "./payload_judgement.js";
import { equal } from "./payload_schema.js";

/** @typedef {"same" | "grew" | "shrank" | "changed" | "added" | "gone"} Change */

/** @type {Exclude<Change, "same">[]} */
export const CHANGED = ["grew", "shrank", "changed", "added", "gone"];

/**
 * `undefined` is a value that is not there; null when it is in neither payload. A value that could not be computed
 * neither grew nor shrank.
 *
 * @param {unknown} now
 * @param {unknown} before
 * @returns {Change | null}
 */
export function changeOf(now, before) {
  if (now === undefined) return before === undefined ? null : "gone";
  if (before === undefined) return "added";
  if (equal(now, before)) return "same";
  if (typeof now !== "number" || typeof before !== "number" || isFallback(now) || isFallback(before)) return "changed";
  return now > before ? "grew" : "shrank";
}
