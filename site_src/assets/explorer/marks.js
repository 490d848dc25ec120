/** Where the words of a query stand in the texts of a row. */

import { normalQuery } from "./query.js";

/** @typedef {[start: number, end: number][]} Ranges */

/** Longest text that is looked through for marks; nobody sees more of it in a row. */
const MAX_SEARCHED_LENGTH = 2000;

/** Characters of a text that are shown around what was found in it; a cell is narrow. */
const CONTEXT_BEFORE = 12;
const CONTEXT_AFTER = 120;

export class Marker {
  /** @param {import("./engine.js").Pattern[]} patterns */
  constructor(patterns) {
    const anywhere = patterns.filter(({ term }) => !term.field);
    this.anywhere = anywhere.map(textExpression);
    this.names = patterns.filter(({ term }) => !term.field || term.field === "name").map(nameExpression);
    this.texts = patterns.filter(({ term }) => !term.field || term.field === "description").map(textExpression);
    /** @type {Map<string, RegExp>} */
    this.fields = new Map(
      patterns.filter(({ term }) => term.field).map((pattern) => [pattern.term.field, textExpression(pattern)]),
    );
  }

  /** @param {string} name @returns {Ranges} */
  inName(name) {
    return ranges(name, this.names);
  }

  /** @param {string} text @returns {Ranges} */
  inText(text) {
    return ranges(text, this.texts);
  }

  /**
   * A piece of a longer text around what was found in it.
   * @param {string} text @param {RegExp} expression
   */
  snippet(text, expression) {
    expression.lastIndex = 0;
    const match = expression.exec(text);
    if (!match) return undefined;
    let start = Math.max(0, match.index - CONTEXT_BEFORE);
    // Not in the middle of a word.
    if (start) start += text.slice(start, match.index).search(/\W|$/) + 1;
    start = Math.min(start, match.index);
    const end = Math.min(text.length, match.index + match[0].length + CONTEXT_AFTER);
    const piece = `${start ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
    return { text: piece, marks: ranges(piece, [expression]) };
  }
}

/** @param {string} text @param {RegExp[]} wanted @returns {Ranges} sorted, without overlaps */
function ranges(text, wanted) {
  const head = text.slice(0, MAX_SEARCHED_LENGTH);
  /** @type {Ranges} */
  const found = [];
  for (const expression of wanted) {
    expression.lastIndex = 0;
    for (const match of head.matchAll(expression)) {
      if (match[0]) found.push([match.index, match.index + match[0].length]);
    }
  }
  found.sort((a, b) => a[0] - b[0]);
  /** @type {Ranges} */
  const merged = [];
  for (const range of found) {
    const last = merged.at(-1);
    if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
    else merged.push(range);
  }
  return merged;
}

/** @param {import("./engine.js").Pattern} pattern */
function nameExpression({ term, spellings }) {
  const spelled = (spellings.length ? spellings : [term.text]).map((text) => {
    const words = normalQuery(text).split("_").filter(Boolean);
    return words.length ? words.map(escaped).join("[^a-z0-9\\u0080-\\uffff]+") : escaped(text);
  });
  return new RegExp(spelled.join("|"), "gi");
}

/** @param {import("./engine.js").Pattern} pattern */
function textExpression({ term, spellings }) {
  const spelled = (spellings.length ? spellings : [term.text]).map(escaped).join("|");
  return new RegExp(term.field ? spelled : `(?<![a-z0-9])(?:${spelled})`, "gi");
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
