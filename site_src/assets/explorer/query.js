/** The search language: words are ANDed, "phrases", field:value, and each of them negated by a minus. */

/**
 * @typedef {object} Term
 * @property {string} field a field's name; empty for a word that may stand anywhere
 * @property {string} text
 * @property {boolean} phrase whether it was quoted: then it is looked for exactly
 * @property {boolean} negated
 */

const TOKEN = /(-?)((?:[a-z_]+:)?)("[^"]*"?|\S+)/gi;

/**
 * @param {string} text
 * @param {(name: string) => string | undefined} fieldOf the field that a name in front of a colon stands for
 * @returns {Term[]}
 */
export function parse(text, fieldOf) {
  const terms = [];
  for (const [, minus, prefix, rest] of text.matchAll(TOKEN)) {
    const field = prefix && fieldOf(prefix.slice(0, -1).toLowerCase());
    const phrase = rest.startsWith('"') && (!prefix || Boolean(field));
    const value = phrase ? rest.replaceAll('"', "") : field || !prefix ? rest : prefix + rest;
    if (!value.trim() || value === "-" || isUnfinished(value, fieldOf)) continue;
    terms.push({ field: field || "", text: value, phrase, negated: minus === "-" });
  }
  return terms;
}

/**
 * Someone is about to type the value of a field.
 * @param {string} word
 * @param {(name: string) => string | undefined} fieldOf
 */
function isUnfinished(word, fieldOf) {
  return word.endsWith(":") && fieldOf(word.slice(0, -1).toLowerCase()) !== undefined;
}

/**
 * A text in lower case, of the same length: positions in it are positions in the text.
 * @param {string} text
 */
export function fold(text) {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  }).join("");
}

/**
 * What the spellings of one name have in common: counts.ci_builds, counts_ci_builds, COUNTS__CI_BUILDS.
 * @param {string} name
 */
export function normal(name) {
  return name.toLowerCase().replace(/[^a-z0-9\u0080-\uffff]+/g, "_");
}

/**
 * The same for what someone looks for, which may be how a warehouse addresses a value: `payload['counts']['boards']`,
 * `payload:counts.boards::number`, `$.counts.boards`.
 * @param {string} text
 */
export function normalQuery(text) {
  const bare = text.replace(/^\w*payload\w*(?=[[:.]|->)/i, "").replace(/::\w+$/, "");
  return normal(bare).replace(/^_+|_+$/g, "");
}
