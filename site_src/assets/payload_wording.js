/** What readers are told about values, findings and growth. */

import { FALLBACKS, isFallback, typeName } from "./payload_judgement.js";
import { isObject } from "./payload_schema.js";

/** @typedef {import("./payload_judgement.js").Entry} Entry */
/** @typedef {import("./payload_judgement.js").Kind} Kind */
/** @typedef {import("./payload_growth.js").Change} Change */

const LONGEST_VALUE = 160;
const LONGEST_WHOLE_VALUE = 20_000;
const DEEPEST = 40;

const INVISIBLE = /(?!\n)[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** @type {Record<Kind, {many: string, one: string}>} */
export const FINDINGS = {
  "unknown-key": { many: "Unknown keys", one: "Unknown key" },
  "removed-metric": { many: "Removed metrics", one: "Removed" },
  "missing-metric": { many: "Missing metrics", one: "Missing" },
  "wrong-type": { many: "Wrong type", one: "Wrong type" },
  "schema-violation": { many: "Schema broken", one: "Schema broken" },
  "fallback-value": { many: "Fallback values", one: "Fallback" },
};

/** @type {Record<Exclude<Change, "same">, string>} */
export const CHANGES = {
  grew: "Grew",
  shrank: "Shrank",
  changed: "Changed otherwise",
  added: "Only in this one",
  gone: "Only in the earlier one",
};

/** @param {number} count */
export function number(count) {
  return count.toLocaleString("en-US");
}

/**
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 10_000) return counted(bytes, "byte");
  return bytes < 1_000_000 ? `${number(Math.round(bytes / 1000))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * A value on one line.
 *
 * @param {unknown} value
 */
export function shown(value) {
  if (value === undefined) return "–";
  if (typeof value === "string") return `"${plain(cut(value, LONGEST_VALUE))}"`;
  if (typeof value === "number") return shownNumber(value);
  if (Array.isArray(value)) return counted(value.length, "item");
  if (isObject(value)) return counted(Object.keys(/** @type {object} */ (value)).length, "key");
  return String(value);
}

/** @param {number} value */
function shownNumber(value) {
  if (!Number.isFinite(value)) return "too large a number";
  // Digits that JavaScript's numbers do not hold are not made up.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return `≈ ${value.toExponential(6)}`;
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/**
 * A value in full, as far as a page can sensibly show it.
 *
 * @param {unknown} value
 */
export function whole(value) {
  if (value === undefined) return "not there";
  if (typeof value === "string") return plain(cut(value, LONGEST_WHOLE_VALUE));
  return typeof value === "object" && value !== null ? plain(written(value)) : shown(value);
}

/**
 * An object or a list as indented JSON, broken off where it gets too long or too deep for a page.
 *
 * @param {object} value
 */
function written(value) {
  let text = "";
  const write = (/** @type {unknown} */ inner, /** @type {number} */ depth) => {
    if (typeof inner !== "object" || inner === null) {
      text += typeof inner === "string" ? JSON.stringify(cut(inner, LONGEST_WHOLE_VALUE)) : String(inner);
      return;
    }
    const list = Array.isArray(inner);
    const [start, end] = list ? "[]" : "{}";
    const names = list ? [] : Object.keys(inner);
    const length = list ? inner.length : names.length;
    if (length === 0 || depth === DEEPEST) {
      text += start + (length ? "…" : "") + end;
      return;
    }
    const indent = "  ".repeat(depth);
    text += start;
    for (let position = 0; position < length; position += 1) {
      text += `${position ? "," : ""}\n  ${indent}`;
      if (text.length > LONGEST_WHOLE_VALUE) {
        text += "…";
        break;
      }
      if (!list) text += `${JSON.stringify(cut(names[position], LONGEST_VALUE))}: `;
      write(list ? inner[position] : /** @type {Record<string, unknown>} */ (inner)[names[position]], depth + 1);
    }
    text += `\n${indent}${end}`;
  };
  write(value, 0);
  return text;
}

/**
 * A text in which nothing is invisible or turns the direction of what follows; line breaks stay.
 *
 * @param {string} text
 */
export function plain(text) {
  return text.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * @param {string} text
 * @param {number} longest
 */
export function cut(text, longest) {
  return text.length > longest ? `${text.slice(0, longest)} … (${counted(text.length, "character")})` : text;
}

/**
 * The mark of a finding, a word or two.
 *
 * @param {Entry} entry
 */
export function mark(entry) {
  const { finding, definition } = entry;
  if (!finding) return "";
  if (finding.kind === "fallback-value") return `Fallback ${finding.value}`.replace("-", "−");
  if (finding.kind === "removed-metric" && definition?.removedIn) return `Removed in ${definition.removedIn}`;
  return FINDINGS[finding.kind].one;
}

/**
 * A finding as a sentence.
 *
 * @param {Entry} entry
 */
export function explained(entry) {
  const { finding, definition, value } = entry;
  switch (finding?.kind) {
    case "unknown-key":
      return typeof value === "object" && value !== null
        ? "No definition has this key path or one below it."
        : "No definition has this key path.";
    case "removed-metric":
      return "This metric was removed: payloads should no longer have it.";
    case "missing-metric":
      return definition?.category === "optional"
        ? "This active metric is not in the payload. It is optional: an instance may be set to leave it out."
        : "This active metric is not in the payload.";
    case "wrong-type":
      return `The definition promises ${article(definition?.valueType ?? "value")}, and this is ${article(typeName(value))}.`;
    case "schema-violation":
      return `The value breaks its JSON Schema at ${places(finding.places ?? [])}.`;
    case "fallback-value":
      return `${finding.value} stands for a value that could not be computed: ${FALLBACKS.get(finding.value ?? 0)}.`;
    default:
      return "";
  }
}

/** @param {string[]} found */
function places(found) {
  const first = found.slice(0, 5).map((place) => (place === "" ? "its top" : cut(place, 80)));
  return found.length > first.length
    ? `${first.join(", ")} and ${number(found.length - first.length)} more`
    : first.join(", ");
}

/** @param {string} noun */
function article(noun) {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
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
