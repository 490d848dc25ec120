/** The text of a file that somebody gives: UTF-8, or UTF-16 with a byte order mark, which PowerShell writes. */

/**
 * The text, without the mark, or null where the bytes are neither. The command `check-payload` reads the same.
 *
 * @param {ArrayBuffer} bytes
 * @returns {string | null}
 */
export function decoded(bytes) {
  const [first, second] = new Uint8Array(bytes);
  let encoding = "utf-8";
  if (first === 0xff && second === 0xfe) encoding = "utf-16le";
  if (first === 0xfe && second === 0xff) encoding = "utf-16be";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
