/** The text of a file that somebody gives: UTF-8, or UTF-16 with a byte order mark, which PowerShell writes. */

/**
 * The text, without the mark, or null where the bytes are neither. The command `check-payload` reads the same.
 *
 * @param {ArrayBuffer} bytes
 * @returns {string | null}
 */
export function decoded(bytes) {
  const [first, second] = new Uint8Array(bytes);
  const encoding = { 0xfffe: "utf-16le", 0xfeff: "utf-16be" }[(first << 8) | second] ?? "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
