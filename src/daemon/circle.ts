import { accountRule } from "../account/index.ts";
import type { Beat, Delegation } from "../cluster/index.ts";
import { Absences, Appointment, Attestations, Ballots, Cluster, Connector, Departures, Election, Liveness, attestationCodec, votersCodec } from "../cluster/index.ts";
import type { HostId, InviteId } from "../codec/index.ts";
import type { Admission, Standing, Transport } from "../net/index.ts";
import type { Env, Worker } from "../platform/index.ts";
import type { RunningRecords } from "../records/index.ts";
import { EMPTY_CONTEXT, createRecords, recordsNetworkRules } from "../records/index.ts";
import { kvNameRule, kvRule } from "../kv/index.ts";
import { domainRule, nameRule, siteRule } from "../site/index.ts";
import { privateRule } from "../drive/index.ts";
import { PRIVATE_TYPE } from "../pool/index.ts";
import type { RecordLog } from "../store/index.ts";
import { writeDeparture } from "./departing.ts";
import type { HostIdentity, Settings } from "./directory.ts";
import { Membership } from "./membership.ts";
import { Sparing } from "./sparing.ts";

/** What a host's part in the network stands on: its disk's record log and the wire, and no other part of the machine. */
export interface CircleParts {
  readonly identity: HostIdentity;
  readonly settings: Settings;
  readonly delegation: Delegation | undefined;
  readonly version: string;
  readonly log: RecordLog;
  /** Opens the wire. Whoever knocks is judged by `admission` at once. */
  readonly connect: (admission: Admission) => Promise<Transport>;
  readonly beat: (transport: Transport) => Promise<Beat>;
  /** Where a host may be reached beyond what its own card says. */
  readonly whereabouts: (host: HostId) => readonly string[];
}

/** Who takes part, the records that say so, and what keeps both going: all of a host that the simulator runs. */
export interface Circle {
  readonly transport: Transport;
  readonly cluster: Cluster;
  readonly records: RunningRecords;
  readonly membership: Membership;
  readonly liveness: Liveness;
  /** For how long each host has been missed here. */
  readonly absences: Absences;
  readonly workers: readonly Worker[];
  /** Sets everything going; resolves when the founder's first host has admitted itself. */
  start(): Promise<void>;
}

/** Builds a host's circle. Nothing works by itself yet but the transport, which answers. */
export async function createCircle(env: Env, parts: CircleParts, started: AsyncDisposableStack): Promise<Circle> {
  const { identity, settings, delegation, version, log } = parts;
  const { network } = identity;
  // Whoever knocks before the roster has been read is a stranger.
  const known: { membership?: Membership; election?: Election } = {};
  const admission = (key: HostId | InviteId): Standing => {
    if (known.membership?.isMember(key as HostId) === true) return "member";
    return known.membership?.isInvite(key as InviteId) === true ? "invite" : "stranger";
  };
  const transport = await parts.connect(admission);
  started.defer(() => transport.close());
  const cluster = new Cluster({
    self: identity.host,
    network,
    connected: () => transport.connected(),
    coordinator: () => known.election?.coordinator,
    rules: { site: siteRule, account: accountRule, kv: kvRule, [PRIVATE_TYPE]: privateRule },
    networkRules: { name: nameRule, domain: domainRule, kv: kvNameRule, ...recordsNetworkRules },
  });
  const records = await createRecords(env, { log, transport, cluster, signer: { host: identity.key, delegation: () => delegation }, network: network.id, isFounder: identity.entrances.length === 0 });
  started.defer(() => records.stop());
  await records.create(network.genesis);
  const membership = new Membership(env, { identity, settings, account: delegation?.account, version, cluster, records, transport, isRosterWhole: () => records.isRosterWhole });
  membership.refresh();
  known.membership = membership;
  const liveness = new Liveness(env, { network: network.id, key: identity.key, transport, members: () => cluster.members(), isGone: (host) => cluster.member(host)?.isGone === true, beat: () => parts.beat(transport) });
  const connector = new Connector(env, { transport, targets: () => targets(parts, { cluster, records, liveness }) });
  const ballots = new Ballots(log);
  const election = new Election(env, { cluster, transport, ballots, isFounder: identity.entrances.length === 0 });
  started.defer(() => election.stop());
  known.election = election;
  const publish = (key: string, value: Uint8Array): Promise<unknown> => records.write([{ namespace: network.namespace, key, value, context: EMPTY_CONTEXT }], { as: "host" });
  const appointment = new Appointment(env, { network: network.id, key: identity.key, cluster, transport, ballots, election, publish: (configuration) => publish(`voters/${configuration.number}`, votersCodec.encode(configuration)) });
  const absences = new Absences(env, log);
  const departures = new Departures(env, {
    network: network.id,
    key: identity.key,
    cluster,
    transport,
    absences,
    publish: (host, departure) => writeDeparture(records, network.namespace, host, departure),
  });
  const attestations = new Attestations(env, { network: network.id, key: identity.key, cluster, transport, publish: (host, attestation) => publish(`attested/${host}`, attestationCodec.encode(attestation)) });
  const sparing = new Sparing(env, { identity, cluster, records });
  // Their first words can wait until they cost no new incarnation.
  const writing = [membership.card, sparing.worker];
  const reading = [connector.worker, liveness.worker, appointment.worker, departures.worker, attestations.worker];
  const own = [...reading, ...writing];
  // Connections nudge them from now on, whether or not the host comes to be started.
  started.defer(async () => {
    await Promise.all(own.map((worker) => worker.stop()));
  });
  const start = async (): Promise<void> => {
    started.defer(cluster.onChange(() => membership.card.nudge()));
    for (const worker of reading) worker.start();
    records.start();
    void records.confirmAtStart().then(() => writing.forEach((worker) => worker.start()));
    await membership.sayFirstWord();
    election.start();
  };
  return { transport, cluster, records, membership, liveness, absences, workers: [...own, ...records.workers()], start };
}

/** A host that has only just joined knows the others' names before their cards, or some of them, or nobody at all; then it knows where to ask by how it joined. */
function* targets({ identity, whereabouts }: CircleParts, { cluster, records, liveness }: { readonly cluster: Cluster; readonly records: RunningRecords; readonly liveness: Liveness }): Generator<{ readonly host: HostId; readonly addresses: () => readonly string[] }> {
  const { members } = cluster.register;
  const entrances = new Map(identity.entrances.map(({ host, addresses }) => [host, addresses]));
  for (const { host, addresses } of members.values()) {
    const known = (): readonly string[] => [...(liveness.lastBeat(host)?.addresses ?? []), ...whereabouts(host), ...addresses];
    yield { host, addresses: () => (known().length > 0 ? known() : (entrances.get(host) ?? [])) };
  }
  if (records.isRosterWhole) return;
  // A person may know better where they are now.
  for (const [host, addresses] of entrances) if (!members.has(host)) yield { host, addresses: () => [...whereabouts(host), ...addresses] };
}
