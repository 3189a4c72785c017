import type { HostId } from "../codec/index.ts";
import { boolean, bytesOfId, codec, compareBytes, concatBytes, idFromText, struct, uint, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Member } from "./port.ts";

/** `audit/<auditor>/<host>`: what one host has found out about whether another one holds what it claims. The auditor alone writes it. */
export interface Audit {
  /** How much of what it claims it has proven to hold. */
  readonly provenBytes: number;
  /** Wrong or missing answers among the latest. */
  readonly failures: number;
  readonly isSuspect: boolean;
  /** By the auditor's clock; decoration. */
  readonly toldMs: number;
}

export const auditCodec = codec<Audit>("An audit", 1, 64, struct({ provenBytes: uint(), failures: uint(), isSuspect: boolean, toldMs: uint() }));

export function auditKey(auditor: HostId, host: HostId): string {
  return `audit/${auditor}/${host}`;
}

/** @throws CodecError when it is no key of an audit */
export function readAuditKey(key: string): { readonly auditor: HostId; readonly host: HostId } {
  const [, auditor = "", ...host] = key.split("/");
  return { auditor: idFromText<HostId>(auditor), host: idFromText<HostId>(host.join("/")) };
}

/** What is known about each host, by auditor. */
export type Audits = ReadonlyMap<HostId, ReadonlyMap<HostId, Audit>>;

/** More would make the roster long and catch nobody sooner. */
const AUDITORS = 5;

/**
 * Who audits a host: the same few everywhere, by a hash, of as many zones as there are. Every host knows from the roster alone whom it audits.
 */
export function auditorsOf(host: HostId, members: ReadonlyMap<HostId, Member>): readonly HostId[] {
  const own = members.get(host)?.zone;
  const candidates = [...members.values()].filter((each) => each.host !== host && !each.isGone && !each.isSuspect);
  const ranked = candidates.map((each) => ({ ...each, lot: lot(host, each.host) })).sort((a, b) => compareBytes(a.lot, b.lot));
  const turns = new Map<string, number>();
  return ranked
    .map((each) => {
      // Those who fail together with it come last: they may also lie together.
      const turn = (turns.get(each.zone) ?? 0) + (each.zone === own ? AUDITORS : 0);
      turns.set(each.zone, (turns.get(each.zone) ?? 0) + 1);
      return { host: each.host, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, AUDITORS)
    .map((each) => each.host);
}

function lot(host: HostId, auditor: HostId): Uint8Array {
  return sha256(concatBytes(utf8("holdfast auditor"), bytesOfId(host), bytesOfId(auditor)));
}

type Standing = Pick<Member, "host" | "zone" | "isGone">;

/** Whether auditors of two zones say so: nobody makes a suspect of another alone. @param members whose word counts */
export function isSuspect(host: HostId, audits: Audits, members: ReadonlyMap<HostId, Standing>): boolean {
  const accusers = wordsOf(host, audits, members).filter(({ audit }) => audit.isSuspect);
  return new Set(accusers.map(({ zone }) => zone)).size >= 2;
}

/** What a host has proven: the second greatest of what auditors say, so that no single one makes it great; undefined when nobody says. */
export function provenBytes(host: HostId, audits: Audits, members: ReadonlyMap<HostId, Standing>): number | undefined {
  const said = wordsOf(host, audits, members).map(({ audit }) => audit.provenBytes).sort((a, b) => b - a);
  return said[1] ?? said[0];
}

function wordsOf(host: HostId, audits: Audits, members: ReadonlyMap<HostId, Standing>): { readonly zone: string; readonly audit: Audit }[] {
  return [...(audits.get(host) ?? [])].flatMap(([auditor, audit]) => {
    const member = members.get(auditor);
    return member === undefined || member.isGone || auditor === host ? [] : [{ zone: member.zone, audit }];
  });
}
