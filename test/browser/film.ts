import { writeFile } from "node:fs/promises";

// A long recording that Chromium plays and that can be made at once: WAVE, 16-bit stereo at 44.1 kHz (RFC 2361). Each second of it
// differs from every other, so that a part from the wrong place is noticed.

const RATE = 44_100;
const BYTES_PER_FRAME = 4;
const HEADER_BYTES = 44;
const BYTES_PER_SECOND = RATE * BYTES_PER_FRAME;

export interface Film {
  readonly seconds: number;
  readonly bytes: Buffer;
  /** Where in the file the second begins. */
  offsetOf(second: number): number;
}

/** Writes the film to a file. Its size is about 176 kB a second. */
export async function makeFilm(path: string, seconds: number): Promise<Film> {
  const bytes = Buffer.alloc(HEADER_BYTES + seconds * BYTES_PER_SECOND);
  writeHeader(bytes);
  for (let second = 0; second < seconds; second += 1) {
    const start = HEADER_BYTES + second * BYTES_PER_SECOND;
    bytes.fill(Buffer.from(`second ${String(second).padStart(5)}`), start, start + BYTES_PER_SECOND);
  }
  await writeFile(path, bytes);
  return { seconds, bytes, offsetOf: (second) => HEADER_BYTES + second * BYTES_PER_SECOND };
}

function writeHeader(bytes: Buffer): void {
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(2, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(BYTES_PER_SECOND, 28);
  bytes.writeUInt16LE(BYTES_PER_FRAME, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(bytes.length - HEADER_BYTES, 40);
}
