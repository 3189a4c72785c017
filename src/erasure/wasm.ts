import { utf8 } from "../codec/index.ts";

// The few words of WebAssembly that the kernel is written in, each as a function that gives its bytes. Operands come first and nest, so
// that `xor(get(a), get(b))` reads as the expression it stands for. Numbers of opcodes: WebAssembly Core Specification 3.0, chapter 5.

/** Bytes, or what flattens to them. */
export type Code = number | readonly Code[];

function flatten(code: Code, into: number[]): number[] {
  if (typeof code === "number") into.push(code);
  else for (const each of code) flatten(each, into);
  return into;
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128. */
function signed(value: number): number[] {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

/** A sequence with its count or length before it. */
function counted(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function sized(code: Code): Code {
  return counted(flatten(code, []));
}

export const I32 = 0x7f;
export const V128 = 0x7b;
type ValueType = typeof I32 | typeof V128;

const VECTOR = 0xfd;
const NO_RESULT = 0x40;

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const number = (value: number): Code => [0x41, signed(value)];
export const add = (a: Code, b: Code): Code => [a, b, 0x6a];
export const subtract = (a: Code, b: Code): Code => [a, b, 0x6b];
export const isBelow = (a: Code, b: Code): Code => [a, b, 0x49];

/** Runs `body` once, and again as long as `condition` is not 0 after it. */
export const repeat = (body: Code, condition: Code): Code => [0x03, NO_RESULT, body, condition, 0x0d, 0, 0x0b];

const vector = (opcode: number): Code => [VECTOR, unsigned(opcode)];
/** Alignment is only a hint: 2^4 bytes. */
const place = (offset: number): Code => [4, unsigned(offset)];

export const load = (address: Code, offset: number): Code => [address, vector(0), place(offset)];
export const store = (address: Code, offset: number, value: Code): Code => [address, value, vector(11), place(offset)];
/** All 16 bytes alike. */
export const bytes16 = (byte: number): Code => [vector(12), Array.from({ length: 16 }, () => byte)];
export const and = (a: Code, b: Code): Code => [a, b, vector(78)];
export const xor = (a: Code, b: Code): Code => [a, b, vector(81)];
/** Each of eight 16-bit numbers shifted to the right by `bits`, zeros coming in. */
export const shiftRight16 = (a: Code, bits: number): Code => [a, number(bits), vector(141)];
/** Looks each byte of `places` up in the 16 bytes of `table`; a place beyond them gives 0. */
export const swizzle = (table: Code, places: Code): Code => [table, places, vector(14)];
/** The same for places within the table; what a place beyond them gives is left to the processor. */
export const relaxedSwizzle = (table: Code, places: Code): Code => [table, places, vector(256)];

export interface WasmFunction {
  readonly name: string;
  /** All are i32; there is no result. */
  readonly parameters: number;
  /** Locals after the parameters, in order. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** A module with these functions, exported by name, over one imported memory `env.memory` of exactly `pages` times 64 KiB. */
export function assemble(pages: number, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const name = (text: string): Code => sized([...utf8(text)]);
  const section = (id: number, content: Code): Code => [id, sized(content)];
  return Uint8Array.from(
    flatten(
      [
        [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        section(1, counted(functions.map(({ parameters }) => [0x60, counted(Array.from({ length: parameters }, () => I32)), counted([])]))),
        section(2, counted([[name("env"), name("memory"), 0x02, 0x01, unsigned(pages), unsigned(pages)]])),
        section(3, counted(functions.map((_, at) => unsigned(at)))),
        section(7, counted(functions.map((each, at) => [name(each.name), 0x00, unsigned(at)]))),
        section(10, counted(functions.map(({ locals, body }) => sized([counted(locals.map((type) => [1, type])), body, 0x0b])))),
      ],
      [],
    ),
  );
}
