const C1 = 0x87c37b91114253d5n;
const C2 = 0x4cf5ad432745937fn;

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return u64((value << bits) | (value >> (64n - bits)));
}

function finalMix(value: bigint): bigint {
  let mixed = value ^ (value >> 33n);
  mixed = u64(mixed * 0xff51afd7ed558ccdn);
  mixed ^= mixed >> 33n;
  mixed = u64(mixed * 0xc4ceb9fe1a85ec53n);
  return mixed ^ (mixed >> 33n);
}

function mixFirst(word: bigint): bigint {
  return u64(rotateLeft(u64(word * C1), 31n) * C2);
}

function mixSecond(word: bigint): bigint {
  return u64(rotateLeft(u64(word * C2), 33n) * C1);
}

/**
 * The first half of MurmurHash3_x64_128 with seed 0, big-endian: multicodec murmur3-x64-64, which places names in UnixFS's sharded
 * directories. Not a cryptographic hash. Source: Austin Appleby's public-domain MurmurHash3.cpp.
 */
export function murmur3x64(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 16) * 16);
  padded.set(bytes);
  const words = new DataView(padded.buffer);
  let h1 = 0n;
  let h2 = 0n;
  const whole = bytes.length - (bytes.length % 16);
  for (let at = 0; at < whole; at += 16) {
    h1 = u64((rotateLeft(h1 ^ mixFirst(words.getBigUint64(at, true)), 27n) + h2) * 5n + 0x52dce729n);
    h2 = u64((rotateLeft(h2 ^ mixSecond(words.getBigUint64(at + 8, true)), 31n) + h1) * 5n + 0x38495ab5n);
  }
  if (whole < bytes.length) {
    // Zeros behind the end mix to zero, so the padded tail is what the original's switch computes.
    h1 ^= mixFirst(words.getBigUint64(whole, true));
    h2 ^= mixSecond(words.getBigUint64(whole + 8, true));
  }
  const length = BigInt(bytes.length);
  h1 ^= length;
  h2 ^= length;
  h1 = u64(h1 + h2);
  h2 = u64(h2 + h1);
  const first = finalMix(h1);
  const hash = new Uint8Array(8);
  new DataView(hash.buffer).setBigUint64(0, u64(first + finalMix(h2)));
  return hash;
}
