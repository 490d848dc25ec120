/** What the page gets of the rows that match: what a row of the table shows, and what an export has. */

import { TEXT_TITLES } from "./fields.js";

/**
 * @typedef {object} Row a row as the page shows it
 * @property {string} name
 * @property {string} path the page's path segment
 * @property {import("./marks.js").Ranges} nameMarks
 * @property {string} gist
 * @property {import("./marks.js").Ranges} gistMarks
 * @property {{title: string, text: string, marks: import("./marks.js").Ranges} | null} elsewhere
 *   where else a word stands that neither the name nor the gist has
 * @property {Record<string, string[]>} labels by field
 * @property {string} status as the definition says it
 */

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./marks.js").Marker} Marker */

const LIST_FIELDS = new Set(["tier", "pi", "event", "identifier", "property"]);

/** @param {Engine} engine @param {Marker} marker @param {number} row @returns {Row} */
export function shownRow(engine, marker, row) {
  const name = engine.names[row];
  const gist = engine.texts.get("gist")?.at(row) ?? "";
  const nameMarks = marker.inName(name);
  const gistMarks = marker.inText(gist);
  /** @type {Record<string, string[]>} */
  const labels = {};
  for (const [field, column] of engine.sets) labels[field] = column.labelsAt(row);
  return {
    name,
    path: engine.paths.get(String(row)) ?? name,
    nameMarks,
    gist,
    gistMarks,
    elsewhere: elsewhere(engine, marker, row, `${name}\n${gist}`, nameMarks.length + gistMarks.length > 0),
    labels,
    status: engine.sets.get("status")?.at(row)[0] ?? "",
  };
}

/** @param {Engine} engine @param {Marker} marker @param {number} row @param {string} shown @param {boolean} marked */
function elsewhere(engine, marker, row, shown, marked) {
  /** @param {string[]} fields @param {RegExp} expression */
  const snippet = (fields, expression) => {
    for (const field of fields) {
      const text = engine.texts.get(field)?.at(row) ?? engine.sets.get(field)?.at(row).join(", ") ?? "";
      const found = text && marker.snippet(text, expression);
      if (found) return { title: TEXT_TITLES[field], ...found };
    }
    return undefined;
  };
  for (const expression of marker.anywhere) {
    expression.lastIndex = 0;
    if (marked && (marker.anywhere.length === 1 || expression.test(shown))) continue;
    const found = snippet(["description", ...engine.kind.searched], expression);
    if (found) return found;
  }
  for (const [field, expression] of marker.fields) {
    const found = engine.texts.has(field) && snippet([field], expression);
    if (found && !(field === "description" && marked)) return found;
  }
  return null;
}

/**
 * @param {Engine} engine
 * @param {Uint32Array} rows
 * @param {string[]} columns names of fields
 * @returns {[string[], import("./exports.js").ExportedRow[]]} the definitions' own names of the fields, and their values
 */
export function exportedRows(engine, rows, columns) {
  const fields = engine.kind.fields.filter((field) => columns.includes(field.name));
  /** @type {(row: number, name: string) => string | string[]} */
  const value = (row, name) => {
    if (name === "name") return engine.names[row];
    if (name === "description") return engine.description(row);
    const values = engine.sets.get(name)?.at(row) ?? [];
    return LIST_FIELDS.has(name) ? values : (values[0] ?? "");
  };
  return [
    fields.map((field) => field.exported),
    Array.from(rows, (row) => Object.fromEntries(fields.map(({ name, exported }) => [exported, value(row, name)]))),
  ];
}
