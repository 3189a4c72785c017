// For the format tests only: one value of every format of this room, always the same, with its bytes.
import { delegate } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, HostId, NetworkId, StoreId } from "../codec/index.ts";
import { idFromBytes, idFromText, utf8 } from "../codec/index.ts";
import { keyPairFromSeed, sha256 } from "../crypto/index.ts";
import { kvRulesCodec } from "./amounts.ts";
import { hostSealer } from "./batch.ts";
import { ASK_NAMESPACES, ASK_RANGES, ASK_SUMS } from "./compare-messages.ts";
import { encodeContextText } from "./context-text.ts";
import { encodePositionText } from "./feed.ts";
import { floorStateCodec } from "./floor.ts";
import { actorCodec, counterCodec } from "./identity.ts";
import { progressCodec } from "./judging.ts";
import { NOT_READY, floorCodec, readyCodec } from "./marks.ts";
import { ASK_CONFIRM, ASK_DIFFER, ASK_FETCH, ASK_GENESIS, ASK_HEADS, ASK_NEWEST, ASK_PUSH, ASK_SCAN, TELL_NEWS, answerOf } from "./messages.ts";
import { livesCodec } from "./numbering.ts";
import { encodeBatch } from "./outbox.ts";
import { pack } from "./parcel.ts";
import type { Dot } from "./port.ts";
import { encodePosition } from "./position.ts";
import { wireSum } from "./ranges.ts";
import { markCodec } from "./readiness.ts";
import type { RecordBody } from "./record.ts";
import { recordCodec, sealCodec, signedBytes } from "./record.ts";
import { encodeHead, encodeRow, tagOf } from "./row.ts";
import { tokenOf } from "./seen.ts";
import { ASK_STOCK } from "./stock.ts";
import { Sum, weightOf } from "./sums.ts";
import { batchKey, counterKey, followKey, genesisKey, hintKey, metaKey, outboxKey, positionKey, quarantineKey, readyKey, rowKey, sequenceKey, sumKey, widestKey } from "./tables.ts";

const digest = (words: string): Uint8Array => sha256(utf8(words));

const personKey = keyPairFromSeed(digest("specimen person"));
const hostKey = keyPairFromSeed(digest("specimen host"));
const person = idFromBytes<AccountId>(personKey.publicKey);
const host = idFromBytes<HostId>(hostKey.publicKey);
const otherHost = idFromBytes<HostId>(digest("specimen other host"));
const store = idFromBytes<StoreId>(digest("specimen store"));

const networkGenesis: Genesis = { type: "network", network: null, owner: person, replicas: 0, subShards: 1, rules: utf8("rules"), nonce: utf8("nonce") };
const network = idFromText<NetworkId>(namespaceIdOf(networkGenesis));
const genesis: Genesis = { type: "kv", network, owner: person, replicas: 3, subShards: 1, rules: new Uint8Array(0), nonce: utf8("specimen") };
const namespace = namespaceIdOf(genesis);

const actor = { host, incarnation: 7_766_279_631_452_241 };
const dot = (counter: number): Dot => ({ actor, counter });

export const record: RecordBody = {
  namespace,
  key: "letters/ä",
  dot: dot(4),
  context: [
    { actor: { host, incarnation: 5 }, upTo: 3, extra: [] },
    { actor, upTo: 2, extra: [] },
    { actor: { host: otherHost, incarnation: 1 }, upTo: 0, extra: [5, 7] },
  ].sort((a, b) => (a.actor.host === b.actor.host ? a.actor.incarnation - b.actor.incarnation : a.actor.host < b.actor.host ? -1 : 1)),
  value: utf8("a value"),
  wallMs: 1_795_000_000_000,
  author: person,
};
const deletion: RecordBody = { namespace, key: "letters/b", dot: dot(1), context: [], value: null, wallMs: 0, author: person };
const third: RecordBody = { ...deletion, key: "letters/c", value: utf8("") };

const delegation = delegate(personKey, { network, account: person, host, issuedMs: 1_790_000_000_000 });
const seal = hostSealer(hostKey, network);
export const batch = seal(actor, 12, [record, deletion, third], delegation);
const unsigned = seal(actor, 13, [{ ...third, author: null }], null);

const known = (): Genesis => genesis;
const whole = pack(batch, known);
const part = pack([batch[1]!, unsigned[0]!], known);
const place = { life: 99, sequence: 41 };
const mark = { rank: 2, followed: new Uint8Array(0) };
const standing = { done: 3, sets: [77], floor: 3, set: 77 };
const tag = tagOf([batch[0]!]);
const sum = new Sum();
for (const at of [0, 2]) sum.add(weightOf(rowKey(namespace, batch[at]!.body.key), encodeRow(41 + at, [batch[at]!]))!);

/** The bytes of every specimen, by name. */
export const specimens: Readonly<Record<string, Uint8Array>> = {
  record: recordCodec.encode(record),
  tombstone: recordCodec.encode(deletion),
  seal: batch[0]!.sealed.seal,
  "seal-without-author": unsigned[0]!.sealed.seal,
  "signed-header": signedBytes(sealCodec.decode(batch[0]!.sealed.seal)),
  genesis: genesisCodec.encode(genesis),
  "row-value": encodeRow(41, [batch[0]!]),
  "row-deleted": encodeRow(42, [batch[1]!]),
  "sum-value": sum.encode(),
  "key-sum": sumKey(256, namespace),
  "head-value": encodeHead({ namespace, key: "letters/ä", tag }),
  "outbox-value": encodeBatch(batch),
  "position-value": encodePosition({ place, mark }),
  "feed-position": utf8(encodePositionText([{ store, group: 3, place }])),
  floor: floorCodec.encode({ begun: 4, done: 3, sets: [77] }),
  ready: readyCodec.encode({ store, ranks: Uint8Array.from({ length: 257 }, (_, group) => (group % 3 === 0 ? NOT_READY : group % 3)) }),
  "push-whole": ASK_PUSH.question.encode({ standing, parcel: whole }),
  "push-part": ASK_PUSH.question.encode({ standing, parcel: part }),
  "push-answer": ASK_PUSH.answer.encode(answerOf([{ kind: "ok" }, { kind: "hinted" }, { kind: "later", code: "NOT_YET" }, { kind: "refused", code: "NOT_OWN" }])),
  "push-answer-behind": ASK_PUSH.answer.encode(answerOf([{ kind: "ok" }, { kind: "behind" }])),
  "newest-question": ASK_NEWEST.question.encode({ standing, store, reached: [{ group: 256, place, rank: 2 }], followed: [7] }),
  "news-question": TELL_NEWS.question.encode({ groups: [7, 256] }),
  "news-answer": TELL_NEWS.answer.encode({}),
  "newest-answer": ASK_NEWEST.answer.encode({ standing, store, life: 99, replicasMax: 3, newest: [{ group: 256, sequence: 41 }], reached: [{ group: 256, place, rank: 0 }] }),
  "heads-question": ASK_HEADS.question.encode({ groups: [{ group: 7, place, scope: { rank: 2, followed: [namespace] } }] }),
  "heads-answer": ASK_HEADS.answer.encode({ store, namespaces: [namespace], groups: [{ group: 7, heads: [{ namespace: 0, tag, key: "letters/ä" }], next: place, isMore: true }] }),
  "fetch-question": ASK_FETCH.question.encode({ keys: [{ namespace, key: "letters/ä" }], skip: 0 }),
  "fetch-answer": ASK_FETCH.answer.encode({ standing, parcel: part, keysDone: 2, skip: 0, isReady: true }),
  "scan-question": ASK_SCAN.question.encode({ namespace, group: 7, prefix: "letters/", after: null, limit: 100 }),
  "scan-answer": ASK_SCAN.answer.encode({ standing, parcel: part, large: ["letters/z"], next: "letters/z", isReady: true }),
  "differ-question": ASK_DIFFER.question.encode({ keys: [{ namespace, key: "letters/ä", tag }] }),
  "differ-answer": ASK_DIFFER.answer.encode({ standing, different: [0] }),
  "floor-state-2": floorStateCodec.encode({ floor: 3, set: 77, hosts: [host], mark: 40, raisedMs: 1_795_000_000_000, begun: 4, begunMark: 41, done: 3, sets: [{ name: 77, hosts: [host] }], isNewcomer: false, reached: 3 }),
  "genesis-question": ASK_GENESIS.question.encode({ namespace }),
  "genesis-answer": ASK_GENESIS.answer.encode({ genesis: genesisCodec.encode(genesis) }),
  "confirm-question": ASK_CONFIRM.question.encode(actor),
  "confirm-answer": ASK_CONFIRM.answer.encode({ highest: [{ incarnation: actor.incarnation, batch: 12 }], members: [host, otherHost] }),
  "sums-question": ASK_SUMS.question.encode({ groups: [{ group: 256, scope: { rank: 0, followed: [] } }, { group: 7, scope: { rank: 2, followed: [namespace] } }] }),
  "sums-answer": ASK_SUMS.answer.encode({ groups: [{ group: 7, scope: { rank: 1, followed: [] }, ...wireSum(sum) }] }),
  "namespaces-question": ASK_NAMESPACES.question.encode({ group: 7, scope: { rank: 2, followed: [namespace] }, after: namespace }),
  "namespaces-answer": ASK_NAMESPACES.answer.encode({ namespaces: [{ namespace, ...wireSum(sum) }], upTo: namespace }),
  "ranges-question": ASK_RANGES.question.encode({ namespace, group: 7, ranges: [{ from: "", to: "letters/b", ...wireSum(sum) }, { from: "letters/c", to: null, ...wireSum(sum) }] }),
  "ranges-answer": ASK_RANGES.answer.encode({
    ranges: [
      { kind: "same", value: true },
      { kind: "keys", value: [{ key: "letters/ä", tag, isDeleted: false }] },
      { kind: "parts", value: [{ to: "letters/b", ...wireSum(sum) }, { to: null, ...wireSum(new Sum()) }] },
    ],
  }),
  "key-quarantine": quarantineKey(rowKey(namespace, "letters/ä")),
  "stock-question": ASK_STOCK.question.encode({}),
  "stock-answer": ASK_STOCK.answer.encode({ groups: [{ group: 7, records: 2, bytes: 1234 }, { group: 256, records: 1, bytes: 99 }] }),
  "key-sums-counted": metaKey("sums"),
  "key-row": rowKey(namespace, "letters/ä"),
  "key-sequence": sequenceKey(256, 41),
  "key-counter": counterKey(namespace, "letters/ä"),
  "key-batch": batchKey(actor),
  "key-genesis": genesisKey(namespace),
  "key-follow": followKey(namespace),
  "key-position": positionKey(store, 256),
  "key-outbox": outboxKey(actor.incarnation, 12),
  "key-hint": hintKey(5),
  "key-widest": widestKey(7),
  "key-ready": readyKey(256),
  "key-actor": metaKey("actor"),
  "actor-value": actorCodec.encode({ incarnation: actor.incarnation, batch: 12 }),
  "counter-value": counterCodec.encode({ incarnation: actor.incarnation, counter: 4 }),
  "judged-value": progressCodec.encode({ done: [tag], doing: [], reached: rowKey(namespace, "letters/ä") }),
  "lives-value": livesCodec.encode([{ life: 7, from: 0 }, { life: 99, from: 40 }]),
  "ready-value": markCodec.encode({ rank: 2, followed: digest("specimen followed") }),
  "kv-rules": kvRulesCodec.encode({ name: "notes", writers: "member", limits: { maxValueBytes: 524_288, maxBytes: null, writesPerSecond: 100 } }),
  token: utf8(tokenOf([{ namespace, key: "letters/ä" }], [dot(4)])),
  "context-text-2": utf8(encodeContextText(record, record.context)),
};

export { network };

export const specimenKeys = { host, namespace };
