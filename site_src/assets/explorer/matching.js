/** Looking for a string in many at once: they are joined into one, which `indexOf` runs through. */

import { fold } from "./query.js";

const BREAK = "\n";

/** How well a text matches: not at all, inside a word, from the start of a word, as a word of its own, as a whole. */
export const INSIDE = 1;
export const START = 2;
export const WORD = 3;
export const WHOLE = 4;

/** Shortest word for which one typo is allowed. */
export const MIN_FUZZY_LENGTH = 4;

/** Most spellings that are kept of what a word with a typo found, to be marked. */
const MAX_SPELLINGS = 30;

export class Haystack {
  /**
   * @param {string[]} values
   * @param {(value: string) => string} [prepare]
   */
  constructor(values, prepare = fold) {
    this.starts = new Uint32Array(values.length + 1);
    const prepared = values.map((value) => {
      const made = prepare(value);
      return made.includes(BREAK) ? made.replaceAll(BREAK, " ") : made;
    });
    this.text = prepared.join(BREAK) + BREAK;
    let position = 0;
    prepared.forEach((value, index) => {
      this.starts[index] = position;
      position += value.length + 1;
    });
    this.starts[values.length] = position;
    this.count = values.length;
  }

  /**
   * @param {string} pattern folded as the values were
   * @param {boolean} inside whether a match may begin inside a word
   * @param {boolean} thorough whether a value's best match is wanted, not just one at the start of a word
   * @returns {Uint8Array} how well each value matches
   */
  search(pattern, inside, thorough) {
    const found = new Uint8Array(this.count);
    const { text, starts } = this;
    let index = 0;
    let position = text.indexOf(pattern);
    while (position >= 0) {
      let next = position + 1;
      const end = position + pattern.length;
      const atStart = isBoundary(text, position);
      if (atStart || inside) {
        while (starts[index + 1] <= position) index += 1;
        const whole = position === starts[index] && end === starts[index + 1] - 1;
        const quality = whole ? WHOLE : !atStart ? INSIDE : isBoundary(text, end) ? WORD : START;
        if (quality > found[index]) found[index] = quality;
        if (atStart && !thorough) next = starts[index + 1];
      }
      position = text.indexOf(pattern, next);
    }
    return found;
  }

  /**
   * Search for a pattern with at most one typo: a letter that is wrong, missing, too many, or swapped with the next.
   * One half of the pattern is then without a typo: it is looked for, and the other half is compared around it.
   * @param {string} pattern
   * @param {Set<string>} spellings takes what was found instead
   * @returns {Uint8Array} like `search`
   */
  searchFuzzy(pattern, spellings) {
    const found = new Uint8Array(this.count);
    const half = pattern.length >> 1;
    const [left, right] = [pattern.slice(0, half), pattern.slice(half)];
    const swapped = left.slice(0, -1) + right[0] + left.at(-1) + right.slice(1);
    const { text } = this;
    this.#each(left, [0], found, spellings, (at) => {
      const lengths = lengthsWithOneTypo(right, (offset) => text.charCodeAt(at + half + offset));
      return lengths.map((length) => [at, at + half + length]);
    });
    const reversed = Array.from(left, (_, offset) => left[half - 1 - offset]).join("");
    this.#each(right, [half, half - 1, half + 1], found, spellings, (at) => {
      const lengths = lengthsWithOneTypo(reversed, (offset) => text.charCodeAt(at - 1 - offset));
      return lengths.map((length) => [at - length, at + right.length]);
    });
    this.#each(swapped, [0], found, spellings, (at) => [[at, at + swapped.length]]);
    return found;
  }

  /**
   * @param {string} part
   * @param {number[]} before how many characters before the part a match, which is the start of a word, can begin
   * @param {Uint8Array} found
   * @param {Set<string>} spellings
   * @param {(at: number) => [number, number][]} grow from where a part stands to what may be matched
   */
  #each(part, before, found, spellings, grow) {
    const { text, starts } = this;
    let index = 0;
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
      if (!before.some((distance) => isBoundary(text, at - distance))) continue;
      const ranges = grow(at).filter(([start]) => isBoundary(text, start));
      if (!ranges.length) continue;
      while (starts[index + 1] <= at) index += 1;
      const range = ranges.find(([start, end]) => start >= starts[index] && end < starts[index + 1]);
      if (!range) continue;
      found[index] = INSIDE;
      if (spellings.size < MAX_SPELLINGS) spellings.add(text.slice(...range));
    }
  }
}

/**
 * How many characters of a text, read by `codeAt` from 0, equal the pattern but for at most one typo: there may be
 * several ways to see it.
 * @param {string} pattern
 * @param {(offset: number) => number} codeAt NaN or a line break where the text ends
 */
function lengthsWithOneTypo(pattern, codeAt) {
  const size = pattern.length;
  let same = 0;
  while (same < size && pattern.charCodeAt(same) === codeAt(same)) same += 1;
  if (same === size) return [size];
  /** @type {(from: number, shift: number) => boolean} */
  const restIsSame = (from, shift) => {
    for (let offset = from; offset < size; offset += 1) {
      if (pattern.charCodeAt(offset) !== codeAt(offset + shift)) return false;
    }
    return true;
  };
  const lengths = [];
  if (isLetter(codeAt(same)) && restIsSame(same + 1, 0)) lengths.push(size);
  const swapped = pattern.charCodeAt(same) === codeAt(same + 1) && pattern.charCodeAt(same + 1) === codeAt(same);
  if (swapped && restIsSame(same + 2, 0)) lengths.push(size);
  if (restIsSame(same, 1)) lengths.push(size + 1);
  if (restIsSame(same + 1, -1)) lengths.push(size - 1);
  return lengths;
}

/**
 * Whether a word may begin or end at a position.
 * @param {string} text
 * @param {number} position
 */
function isBoundary(text, position) {
  return position <= 0 || !isLetter(text.charCodeAt(position - 1)) || !isLetter(text.charCodeAt(position));
}

/**
 * Letters and digits, but not of scripts that write words without blanks.
 * @param {number} code
 */
function isLetter(code) {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 0xc0 && code < 0x2e80);
}
