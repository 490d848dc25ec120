/** What readers are told about values and findings. */

import { counted, escapeCharacters, number } from "../shared/format.js";
import { FALLBACKS, typeName } from "./findings.js";
import { isObject } from "./json_values.js";

/** @typedef {import("./findings.js").Entry} Entry */
/** @typedef {import("./findings.js").Kind} Kind */

const MAX_VALUE_LENGTH = 160;
const MAX_WHOLE_VALUE_LENGTH = 20_000;
const MAX_DEPTH = 40;

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
  if (typeof value === "string") return `"${plain(cut(value, MAX_VALUE_LENGTH))}"`;
  if (typeof value === "number") return shownNumber(value);
  if (Array.isArray(value)) return counted(value.length, "item");
  if (isObject(value)) return counted(Object.keys(/** @type {object} */ (value)).length, "key");
  return String(value);
}

/** @param {number} value */
export function shownNumber(value) {
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
  if (typeof value === "string") return plain(cut(value, MAX_WHOLE_VALUE_LENGTH));
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
      text += typeof inner === "string" ? JSON.stringify(cut(inner, MAX_WHOLE_VALUE_LENGTH)) : String(inner);
      return;
    }
    const list = Array.isArray(inner);
    const [start, end] = list ? "[]" : "{}";
    const names = list ? [] : Object.keys(inner);
    const length = list ? inner.length : names.length;
    if (length === 0 || depth === MAX_DEPTH) {
      text += start + (length ? "…" : "") + end;
      return;
    }
    const indent = "  ".repeat(depth);
    text += start;
    for (let position = 0; position < length; position += 1) {
      text += `${position ? "," : ""}\n  ${indent}`;
      if (text.length > MAX_WHOLE_VALUE_LENGTH) {
        text += "…";
        break;
      }
      if (!list) text += `${JSON.stringify(cut(names[position], MAX_VALUE_LENGTH))}: `;
      write(list ? inner[position] : /** @type {Record<string, unknown>} */ (inner)[names[position]], depth + 1);
    }
    text += `\n${indent}${end}`;
  };
  write(value, 0);
  return text;
}

/**
 * A string in which nothing is invisible or turns the direction of what follows; line breaks stay.
 *
 * @param {string} text
 */
export function plain(text) {
  return escapeCharacters(text, INVISIBLE);
}

/**
 * @param {string} text
 * @param {number} maxLength
 */
export function cut(text, maxLength) {
  return text.length > maxLength ? `${text.slice(0, maxLength)} … (${counted(text.length, "character")})` : text;
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
      if (finding.nested) return `The key has dots in it, but a payload nests: ${plain(cut(finding.nested, 300))}.`;
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

/**
 * What of a value's schema was not checked, as a sentence; empty when all of it was.
 *
 * @param {Entry} entry
 */
export function notChecked({ unchecked }) {
  return unchecked.length ? `Not checked in its JSON Schema: ${listed(unchecked)}.` : "";
}

/** @param {string[]} found JSON Pointers */
function places(found) {
  return listed(found.map((place) => place || "its top"));
}

/** @param {readonly string[]} items the first of them, and how many more there are */
function listed(items) {
  const first = items.slice(0, 5).map((item) => plain(cut(item, 80)));
  const rest = items.length - first.length;
  return rest ? `${first.join(", ")} and ${number(rest)} more` : first.join(", ");
}

/** @param {string} noun */
function article(noun) {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
