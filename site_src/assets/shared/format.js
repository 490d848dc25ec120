/** Numbers and characters as both applications write them. */

/** @param {number} count */
export function number(count) {
  return count.toLocaleString("en-US");
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Write the characters that a pattern matches as JSON's `\uXXXX`.
 * @param {string} string @param {RegExp} pattern global; matches one UTF-16 code unit at a time
 */
export function escapeCharacters(string, pattern) {
  return string.replace(pattern, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
