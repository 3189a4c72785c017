import { Acknowledged } from "../rows.ts";
import type { Answer, AnswerDoc } from "./route.ts";

/** Says that something was done, and with 202 that it is on few hosts yet. */
export function acknowledge(done: { readonly safe: boolean }): Answer {
  return { status: done.safe ? 200 : 202, json: done };
}

export function acknowledged(done: string): Readonly<Record<number, AnswerDoc>> {
  return { 200: { description: done, schema: Acknowledged }, 202: { description: `${done}, but few hosts know yet`, schema: Acknowledged } };
}
