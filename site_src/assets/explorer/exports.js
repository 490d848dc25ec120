/** What is shown, as a file: the rows that match, in their order, with the columns that are visible. */

import { escapeCharacters } from "../shared/format.js";

/** @typedef {Record<string, string | string[]>} ExportedRow */

/** How a cell starts that a spreadsheet program would run; an apostrophe in front makes it text. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const QUOTED = /[",\r\n]/;

/** Words that YAML takes for something other than text, and what it needs no quotes for. */
const PLAIN = /^[a-z][a-z0-9_]*$/i;
const NOT_TEXT = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
/** Characters that a YAML reader breaks lines at or refuses, though JSON leaves them as they are. */
const YAML_UNSAFE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** @type {Record<string, {type: string, make: (columns: string[], rows: ExportedRow[]) => string}>} */
export const FORMATS = {
  csv: { type: "text/csv", make: csv },
  json: { type: "application/json", make: (_, rows) => `${JSON.stringify(rows, null, 2)}\n` },
  yaml: { type: "application/yaml", make: yaml },
};

/** @param {string[]} columns @param {ExportedRow[]} rows */
function csv(columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => joined(row[column])))];
  return lines.map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

/** @param {string | string[]} value */
function joined(value) {
  if (typeof value === "string") return value;
  return value.some((item) => item.includes(";")) ? JSON.stringify(value) : value.join(";");
}

/** @param {string} text */
function cell(text) {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** @param {string[]} columns @param {ExportedRow[]} rows */
function yaml(columns, rows) {
  if (!rows.length) return "[]\n";
  const entries = rows.map((row) =>
    columns.map((column, index) => `${index ? "  " : "- "}${column}: ${yamlValue(row[column])}\n`).join(""),
  );
  return `---\n${entries.join("")}`;
}

/** @param {string | string[]} value */
function yamlValue(value) {
  return typeof value === "string" ? scalar(value) : `[${value.map(scalar).join(", ")}]`;
}

/** @param {string} text */
function scalar(text) {
  if (PLAIN.test(text) && !NOT_TEXT.test(text)) return text;
  return escapeCharacters(JSON.stringify(text), YAML_UNSAFE);
}
