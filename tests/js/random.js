/** Random values that are the same in every run. */

/** @param {number} seed */
export function seeded(seed) {
  let state = seed;
  const fraction = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (/** @type {number} */ limit) => Math.floor(fraction() * limit);
  const pick = (/** @type {any} */ list) => list[below(list.length)];
  const chance = (/** @type {number} */ share) => fraction() < share;
  const string = (/** @type {string} */ alphabet, /** @type {number} */ shortest, /** @type {number} */ longest) =>
    Array.from({ length: shortest + below(longest - shortest + 1) }, () => pick(alphabet)).join("");
  return { below, pick, chance, string };
}
