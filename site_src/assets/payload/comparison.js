/** What became of a value between two payloads, and how that is said. */

import { isFallback } from "./findings.js";
import { equal } from "./json_values.js";
import { shownNumber } from "./wording.js";

/** @typedef {"same" | "grew" | "shrank" | "changed" | "added" | "gone"} Change */

/** @type {Record<Exclude<Change, "same">, string>} in the order of their chips */
export const CHANGES = {
  grew: "Grew",
  shrank: "Shrank",
  changed: "Changed otherwise",
  added: "Only in this one",
  gone: "Only in the earlier one",
};

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

/**
 * How a value grew from an earlier one.
 *
 * @param {Change | null} change
 * @param {unknown} now
 * @param {unknown} before
 */
export function growth(change, now, before) {
  if (change === null) return "";
  if (change === "added") return "new";
  if (change === "gone") return "gone";
  if (typeof now !== "number" || typeof before !== "number") return change === "same" ? "same" : "changed";
  if (change === "same") return "0";
  if (isFallback(now) || isFallback(before)) return "not comparable";
  const difference = now - before;
  const sign = difference > 0 ? "+" : "−";
  const absolute = `${sign}${shownNumber(Math.abs(difference))}`;
  if (before === 0) return absolute;
  const percent = Math.abs((100 * difference) / before);
  return `${absolute} (${sign}${percent.toLocaleString("en-US", { maximumFractionDigits: percent < 10 ? 1 : 0 })}%)`;
}
