import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded } from "../../../site_src/assets/payload/encoding.js";

const TEXT = '{"a": "é😀"}';

/** @param {Buffer} bytes */
const buffer = (bytes) => new Uint8Array(bytes).buffer;

test("UTF-8 and UTF-16 are read, with the mark that says which", () => {
  const little = Buffer.from(`\uFEFF${TEXT}`, "utf16le");
  const big = Buffer.from(little).swap16();
  for (const bytes of [Buffer.from(TEXT), Buffer.from(`\uFEFF${TEXT}`), little, big]) {
    assert.equal(decoded(buffer(bytes)), TEXT);
  }
});

test("other bytes are no text, and no bytes are an empty one", () => {
  assert.equal(decoded(buffer(Buffer.from([0x7b, 0xe9, 0x7d]))), null);
  assert.equal(decoded(buffer(Buffer.from([]))), "");
});
