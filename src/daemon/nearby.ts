import type { NearbyDesk } from "../door/index.ts";
import type { Applicant } from "../net/index.ts";
import { freePortPair, hostAndPort, localNetworkAddresses, openApplicant } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { Sponsors } from "./sponsors.ts";

/** Hosts of the local network come to this machine, and one of them may be asked to let it in, until this is closed. */
export interface Nearby {
  readonly desk: NearbyDesk;
  close(): Promise<void>;
}

/** @throws NetError PORT_TAKEN, CANNOT_LISTEN */
export async function openNearby(env: Env): Promise<Nearby> {
  const { peerPort } = await freePortPair();
  const sponsors = new Sponsors(env);
  const applicant = await awaitSponsors(env, sponsors, peerPort);
  return {
    desk: sponsors,
    async close() {
      sponsors.withdraw();
      await applicant.close();
    },
  };
}

/** Where hosts of the local network come to, at the port that the host will have. @throws as `openNearby` does */
export async function awaitSponsors(env: Env, sponsors: Sponsors, port: number): Promise<Applicant> {
  const applicant = await openApplicant(env, { hosts: [...localNetworkAddresses(), "127.0.0.1"], port, announces: true, onCall: sponsors.take, answer: sponsors.answer });
  sponsors.addresses = applicant.addresses.map(hostAndPort).map(({ host, port: at }) => `${host}:${at}`);
  return applicant;
}
