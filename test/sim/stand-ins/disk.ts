// In place of src/platform/disk.ts: the few small files beside the record log, in memory, by path. They are durable at once.

const files = new Map<string, Uint8Array>();

export function forgetFiles(): void {
  files.clear();
}

export function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  return Promise.resolve(files.get(path)?.slice());
}

export function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  files.set(path, bytes.slice());
  return Promise.resolve();
}

const unused = (): never => {
  throw new Error("A simulated host touched the machine's disk");
};

export { unused as createForWriting, unused as ensureFolder, unused as openForAppending, unused as openForReading, unused as removeIfPresent, unused as space, unused as statIfPresent, unused as walkFolder, unused as writeInPlace };
