/** The search itself: from a query to the rows that match, in their order, and the counts of the facets. */

import { SetColumn, TextColumn } from "./columns.js";
import { RANGE } from "./fields.js";
import { Haystack, INSIDE, MIN_FUZZY_LENGTH, START, WHOLE, WORD } from "./matching.js";
import { fold, normal, normalQuery, parse } from "./query.js";

export const FORMAT = 1;

/**
 * @typedef {object} FirstFile the first file of the index
 * @property {number} format
 * @property {string} kind
 * @property {string[]} names
 * @property {Record<string, string>} paths
 * @property {import("./columns.js").TextData} gist
 * @property {Record<string, import("./columns.js").SetData>} sets
 */

/** @typedef {{format: number, texts: Record<string, import("./columns.js").TextData>}} SecondFile of the index */

/**
 * @typedef {object} Query
 * @property {string} q
 * @property {[string, string[]][]} chosen facet and the values of which a row must have one
 * @property {string} from the earliest milestone, or empty
 * @property {string} to the latest milestone, or empty
 * @property {boolean} removed whether removed definitions are wanted although no status is chosen
 * @property {SortKey[]} sort
 */

/** @typedef {{key: string, down: boolean}} SortKey */

/**
 * @typedef {object} Result
 * @property {Uint32Array} order the rows that match, in order
 * @property {number} hidden how many more match but are removed
 * @property {Record<string, number[]>} counts of each facet's values
 * @property {Pattern[]} patterns what to mark
 * @property {string[]} corrected words that stand nowhere, for which near ones were taken
 */

/** @typedef {{term: import("./query.js").Term, spellings: string[]}} Pattern */

/**
 * How a row matches one term. `spellings` are what was found in place of a word with a wrong letter.
 * @typedef {{scores: Uint16Array, spellings: string[]}} Hits
 */

/** The score of a match in the name, by its quality; any of them is more than all other matches together. */
const NAME_SCORES = [0, 0, 0, 0, 0];
NAME_SCORES[INSIDE] = 100;
NAME_SCORES[START] = 200;
NAME_SCORES[WORD] = 250;
NAME_SCORES[WHOLE] = 1000;
const DESCRIPTION_SCORE = 10;
const TEXT_SCORE = 1;

const CACHE_SIZE = 40;

export class Engine {
  /** @type {Map<string, Hits>} */
  #cache = new Map();

  /** @param {FirstFile} first @param {import("./fields.js").Kind} kind */
  constructor(first, kind) {
    this.kind = kind;
    this.names = first.names;
    this.paths = new Map(Object.entries(first.paths));
    this.nameHaystack = new Haystack(first.names, normal);
    /** @type {Map<string, TextColumn>} */
    this.texts = new Map([["gist", new TextColumn(first.gist)]]);
    this.sets = new Map(Object.entries(first.sets).map(([name, data]) => [name, new SetColumn(data, name === RANGE)]));
    this.facets = kind.facets.filter((name) => this.sets.has(name));
    this.complete = false;
  }

  /** Take in the second file. @param {SecondFile} more */
  add(more) {
    for (const [name, data] of Object.entries(more.texts)) this.texts.set(name, new TextColumn(data));
    this.complete = true;
    this.#cache.clear();
  }

  /** Prepare what the next search needs, before it is asked: a column a step. @returns {(() => void)[]} */
  get preparations() {
    return Array.from(this.texts.values(), (column) => () => void column.haystack);
  }

  /** @param {string} name */
  fieldOf(name) {
    const field = Object.hasOwn(this.kind.aliases, name) ? this.kind.aliases[name] : name;
    const known = field === "name" || field === "description" || this.sets.has(field) || this.texts.has(field);
    // Before the second file is here, its fields are known but empty.
    return known || this.kind.searched.includes(field) || field === "file" ? field : undefined;
  }

  /** @param {Query} query @returns {Result} */
  search(query) {
    const terms = parse(query.q, (name) => this.fieldOf(name));
    const { matching, scores, patterns, corrected } = this.#matchAll(terms);
    const byStatus = terms.some((term) => term.field === "status");
    const passes = this.#facetPasses(query, byStatus);
    const { rows, hidden, counts } = this.#count(matching, passes);
    const ranked = terms.some((term) => !term.negated) && query.sort.length === 0;
    const order = ranked ? byScore(rows, scores) : this.#sorted(rows, query.sort);
    return { order, hidden, counts, patterns, corrected };
  }

  /** @param {import("./query.js").Term[]} terms */
  #matchAll(terms) {
    const matching = new Uint8Array(this.names.length).fill(1);
    const scores = new Uint16Array(this.names.length);
    /** @type {Pattern[]} */
    const patterns = [];
    const corrected = [];
    for (const term of terms) {
      const hits = this.#hits(term);
      for (let row = 0; row < matching.length; row += 1) {
        const score = hits.scores[row];
        if (term.negated ? score : !score) matching[row] = 0;
        else if (!term.negated) scores[row] = Math.min(scores[row] + score, 0xffff);
      }
      if (!term.negated) patterns.push({ term, spellings: hits.spellings });
      if (hits.spellings.length) corrected.push(term.text);
    }
    return { matching, scores, patterns, corrected };
  }

  /** @param {import("./query.js").Term} term @returns {Hits} */
  #hits(term) {
    const key = JSON.stringify([term.field, term.text, term.phrase, term.negated]);
    const known = this.#cache.get(key);
    if (known) {
      this.#cache.delete(key);
      this.#cache.set(key, known);
      return known;
    }
    let hits = this.#find(term, false);
    if (!term.phrase && !term.negated && term.text.length >= MIN_FUZZY_LENGTH && !hits.scores.some(Boolean)) {
      hits = this.#find(term, true);
    }
    this.#cache.set(key, hits);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHE_SIZE) break;
      this.#cache.delete(oldest);
    }
    return hits;
  }

  /** @param {import("./query.js").Term} term @param {boolean} fuzzy @returns {Hits} */
  #find(term, fuzzy) {
    const search = new TermSearch(this, term, fuzzy);
    if (term.field === "name") search.names();
    else if (term.field === "description") search.description();
    else if (term.field) search.field(term.field);
    else search.everything();
    return { scores: search.scores, spellings: [...search.spellings] };
  }

  /**
   * Which combinations of values each facet lets pass.
   * @param {Query} query @param {boolean} byStatus whether the query itself says which status it wants
   * @returns {Map<string, Uint8Array>}
   */
  #facetPasses(query, byStatus) {
    const passes = new Map();
    const chosen = new Map(query.chosen);
    for (const facet of this.facets) {
      const column = /** @type {SetColumn} */ (this.sets.get(facet));
      const wanted = chosen.get(facet);
      if (facet === RANGE) {
        const inside = milestoneRange(column, query.from, query.to);
        if (inside) passes.set(facet, column.best(inside));
      } else if (wanted?.length) {
        const positions = new Set(wanted.map((value) => column.positions.get(value)));
        passes.set(
          facet,
          column.best((position) => (positions.has(position) ? 1 : 0)),
        );
      } else if (facet === "status" && !query.removed && !byStatus) {
        const gone = column.positions.get("removed");
        passes.set(
          facet,
          Uint8Array.from(column.sets, (set) => (gone !== undefined && set.includes(gone) ? 0 : 1)),
        );
      }
    }
    return passes;
  }

  /**
   * A row that fails no facet is a result. One that fails a single facet still counts for that facet's values: they
   * say how many there would be if it were chosen.
   * @param {Uint8Array} matching @param {Map<string, Uint8Array>} passes
   */
  #count(matching, passes) {
    const columns = this.facets.map((name) => /** @type {SetColumn} */ (this.sets.get(name)));
    const filters = this.facets.map((name) => passes.get(name));
    const active = [...filters.keys()].filter((facet) => filters[facet]);
    const bySet = columns.map((column) => new Uint32Array(column.sets.length));
    const rows = new Uint32Array(matching.length);
    const status = this.facets.indexOf("status");
    let found = 0;
    let hidden = 0;
    for (let row = 0; row < matching.length; row += 1) {
      if (!matching[row]) continue;
      let failed = -1;
      let fails = 0;
      for (const facet of active) {
        if (!(/** @type {Uint8Array} */ (filters[facet])[columns[facet].rows[row]])) {
          failed = facet;
          fails += 1;
          if (fails > 1) break;
        }
      }
      if (fails === 0) {
        rows[found] = row;
        found += 1;
        for (let facet = 0; facet < columns.length; facet += 1) bySet[facet][columns[facet].rows[row]] += 1;
      } else if (fails === 1) {
        bySet[failed][columns[failed].rows[row]] += 1;
        if (failed === status) hidden += 1;
      }
    }
    /** @type {Record<string, number[]>} */
    const counts = {};
    this.facets.forEach((name, facet) => {
      counts[name] = new Array(columns[facet].values.length).fill(0);
      columns[facet].sets.forEach((set, position) => {
        for (const value of set) counts[name][value] += bySet[facet][position];
      });
    });
    return { rows: rows.subarray(0, found), hidden, counts };
  }

  /**
   * From the last key to the first; each step keeps the order of what it finds equal. Rows come in the names' order.
   * Rows without a value are last, whichever way round.
   * @param {Uint32Array} rows @param {SortKey[]} keys
   */
  #sorted(rows, keys) {
    let sorted = rows.slice();
    for (const { key, down } of keys.toReversed()) {
      if (key === "name") {
        if (down) sorted = bucketSort(sorted, (row) => this.names.length - 1 - row, this.names.length);
        else sorted = bucketSort(sorted, (row) => row, this.names.length);
        continue;
      }
      const column = key === "description" ? this.texts.get("gist") : this.sets.get(key);
      if (!column) continue;
      const { of, count } = column.ranks;
      const last = count + 1;
      sorted = bucketSort(sorted, (row) => (of[row] === 0 ? last : down ? last - of[row] : of[row]), last + 1);
    }
    return sorted;
  }

  /** @param {number} row @returns {string} the whole description, once it is here */
  description(row) {
    return this.texts.get("description")?.at(row) || /** @type {TextColumn} */ (this.texts.get("gist")).at(row);
  }
}

/** One term being looked for, and its score in each row. */
class TermSearch {
  /** @param {Engine} engine @param {import("./query.js").Term} term @param {boolean} fuzzy */
  constructor(engine, term, fuzzy) {
    this.engine = engine;
    this.term = term;
    this.fuzzy = fuzzy;
    this.scores = new Uint16Array(engine.names.length);
    /** @type {Set<string>} */
    this.spellings = new Set();
  }

  everything() {
    this.names();
    this.description();
    for (const name of this.engine.kind.searched) this.field(name);
  }

  names() {
    const pattern = normalQuery(this.term.text);
    if (!pattern) {
      this.#literalNames();
      return;
    }
    const haystack = this.engine.nameHaystack;
    const found = this.fuzzy
      ? haystack.searchFuzzy(pattern, this.spellings)
      : haystack.search(pattern, !this.term.negated, true);
    for (let row = 0; row < found.length; row += 1) {
      if (found[row]) this.#raise(row, NAME_SCORES[found[row]]);
    }
  }

  /** A text of nothing but punctuation is compared as it is. */
  #literalNames() {
    this.engine.names.forEach((name, row) => {
      if (name.includes(this.term.text)) this.#raise(row, NAME_SCORES[INSIDE]);
    });
  }

  description() {
    this.#text("gist", DESCRIPTION_SCORE);
    this.#text("description", DESCRIPTION_SCORE);
  }

  /** @param {string} name */
  field(name) {
    if (this.engine.sets.has(name)) this.#set(name);
    if (this.engine.texts.has(name)) this.#text(name, TEXT_SCORE);
  }

  /** @param {string} name @param {number} score */
  #text(name, score) {
    const column = this.engine.texts.get(name);
    const found = column && this.#in(column.haystack, Boolean(this.term.field));
    if (found) column.spread(found, (row, quality) => this.#raise(row, score * quality));
  }

  /** @param {string} name */
  #set(name) {
    const column = /** @type {SetColumn} */ (this.engine.sets.get(name));
    const inside = Boolean(this.term.field);
    const range = name === RANGE && milestoneCondition(column, this.term.text);
    if (range) {
      column.spread(column.best(range), (row) => this.#raise(row, TEXT_SCORE));
      return;
    }
    const found = this.#in(column.haystack, inside);
    const words = column.labels === column.values ? found : this.#in(column.wordsHaystack, inside);
    const qualities = found.map((quality, position) => Math.max(quality, words[position]));
    // `group:runner` is that group alone, although another is called `runner_fleet`.
    const exact = inside && qualities.includes(WHOLE);
    const best = column.best((position) => (exact && qualities[position] < WHOLE ? 0 : qualities[position]));
    column.spread(best, (row, quality) => this.#raise(row, TEXT_SCORE * quality));
  }

  /** @param {Haystack} haystack @param {boolean} inside */
  #in(haystack, inside) {
    const pattern = fold(this.term.text);
    if (this.fuzzy) return haystack.searchFuzzy(pattern, this.spellings);
    return haystack.search(pattern, inside, inside);
  }

  /** @param {number} row @param {number} score */
  #raise(row, score) {
    if (score > this.scores[row]) this.scores[row] = score;
  }
}

/** @param {Uint32Array} rows @param {Uint16Array} scores the best first */
function byScore(rows, scores) {
  let highest = 0;
  for (const row of rows) highest = Math.max(highest, scores[row]);
  return bucketSort(rows, (row) => highest - scores[row], highest + 1);
}

/** @param {Uint32Array} rows @param {(row: number) => number} bucket @param {number} buckets */
function bucketSort(rows, bucket, buckets) {
  const starts = new Uint32Array(buckets + 1);
  for (const row of rows) starts[bucket(row) + 1] += 1;
  for (let index = 0; index < buckets; index += 1) starts[index + 1] += starts[index];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) {
    const of = bucket(row);
    sorted[starts[of]] = row;
    starts[of] += 1;
  }
  return sorted;
}

/**
 * @param {SetColumn} column @param {string} from @param {string} to
 * @returns {((position: number) => number) | undefined} nothing where the range has no ends
 */
function milestoneRange(column, from, to) {
  if (!from && !to) return undefined;
  const keys = column.values.map(versionKey);
  const low = from ? versionKey(from) : -Infinity;
  const high = to ? versionKey(to) : Infinity;
  return (position) => (keys[position] >= low && keys[position] <= high ? 1 : 0);
}

/** @param {SetColumn} column @param {string} text such as 16.1..17.2, >=16.1 or <17 */
function milestoneCondition(column, text) {
  if (column.positions.has(text)) return undefined;
  const range = /^([\d.<]*)\.\.([\d.<]*)$/.exec(text);
  if (range) return milestoneRange(column, range[1], range[2]);
  const compared = /^([<>]=?)(\d+(?:\.\d+)?)$/.exec(text);
  if (!compared) return undefined;
  const limit = versionKey(compared[2]);
  const keys = column.values.map(versionKey);
  /** @type {Record<string, (key: number) => boolean>} */
  const holds = {
    "<": (key) => key < limit,
    "<=": (key) => key <= limit,
    ">": (key) => key > limit,
    ">=": (key) => key >= limit,
  };
  /** @type {(position: number) => number} */
  return (position) => (holds[compared[1]](keys[position]) ? 1 : 0);
}

/** Orders milestones: 16.10 after 16.9, <13.9 just before 13.9. @param {string} text */
function versionKey(text) {
  const match = /^(<?)(\d{1,6})(?:\.(\d{1,6}))?$/.exec(text);
  return match ? Number(match[2]) * 1e7 + Number(match[3] ?? 0) * 2 + (match[1] ? 0 : 1) : NaN;
}
