/** The columns of the index, as the files have them, with what the explorer asks of them. */

import { Haystack } from "./matching.js";
import { fold } from "./query.js";

/** @typedef {{values: string[], rows: number[]}} TextData */
/** @typedef {{values: string[], labels: Record<string, string>, sets: number[][], rows: number[]}} SetData */

/** A text for each row; each different text is stored once. */
export class TextColumn {
  /** @type {Haystack | undefined} */
  #haystack;
  /** @type {Uint32Array | undefined} */
  #ranks;

  /** @param {TextData} data */
  constructor(data) {
    this.values = data.values;
    this.rows = Uint32Array.from(data.rows);
  }

  get haystack() {
    this.#haystack ??= new Haystack(this.values);
    return this.#haystack;
  }

  /** @param {number} row */
  at(row) {
    return this.values[this.rows[row]];
  }

  /** @param {Uint8Array} found by value @param {(row: number, quality: number) => void} visit */
  spread(found, visit) {
    const { rows } = this;
    for (let row = 0; row < rows.length; row += 1) {
      const quality = found[rows[row]];
      if (quality) visit(row, quality);
    }
  }

  /** Where each row stands when rows are sorted by this column. */
  get ranks() {
    this.#ranks ??= ranksOf(this.values);
    const ranks = this.#ranks;
    return { of: this.rows.map((value) => ranks[value]), count: this.values.length };
  }
}

/** A few values for each row; each combination of values is stored once. */
export class SetColumn {
  /** @type {Haystack | undefined} */
  #haystack;
  /** @type {Haystack | undefined} */
  #wordsHaystack;
  /** @type {Uint32Array | undefined} */
  #ranks;

  /** @param {SetData} data @param {boolean} ordered whether the values' order means something */
  constructor(data, ordered) {
    this.values = data.values;
    this.labels = data.values.map((value, position) => data.labels[position] ?? value);
    this.sets = data.sets;
    this.rows = Uint32Array.from(data.rows);
    this.ordered = ordered;
    this.positions = new Map(data.values.map((value, position) => [value, position]));
  }

  get haystack() {
    this.#haystack ??= new Haystack(this.values);
    return this.#haystack;
  }

  get wordsHaystack() {
    this.#wordsHaystack ??= new Haystack(this.labels);
    return this.#wordsHaystack;
  }

  /** @param {number} row */
  at(row) {
    return this.sets[this.rows[row]].map((position) => this.values[position]);
  }

  /** @param {number} row */
  labelsAt(row) {
    return this.sets[this.rows[row]].map((position) => this.labels[position]);
  }

  /** @param {(position: number) => number} quality of a value @returns {Uint8Array} the best of each combination */
  best(quality) {
    return Uint8Array.from(this.sets, (set) => set.reduce((best, value) => Math.max(best, quality(value)), 0));
  }

  /** @param {Uint8Array} found by set @param {(row: number, quality: number) => void} visit */
  spread(found, visit) {
    const { rows } = this;
    for (let row = 0; row < rows.length; row += 1) {
      const quality = found[rows[row]];
      if (quality) visit(row, quality);
    }
  }

  get ranks() {
    this.#ranks ??= this.ordered
      ? Uint32Array.from(this.sets, (set) => (set.length ? set[0] + 1 : 0))
      : ranksOf(this.sets.map((set) => set.map((position) => this.labels[position]).join("; ")));
    const ranks = this.#ranks;
    return { of: this.rows.map((set) => ranks[set]), count: Math.max(this.sets.length, this.values.length + 1) };
  }
}

/** @param {string[]} texts @returns {Uint32Array} where each stands in the alphabet; 0 for nothing at all */
function ranksOf(texts) {
  const folded = texts.map(fold);
  const order = Array.from(texts.keys()).sort((a, b) => (folded[a] < folded[b] ? -1 : folded[a] > folded[b] ? 1 : 0));
  const ranks = new Uint32Array(texts.length);
  order.forEach((position, rank) => {
    ranks[position] = texts[position] === "" ? 0 : rank + 1;
  });
  return ranks;
}
