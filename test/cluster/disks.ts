import { execFile } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestHost } from "./harness.ts";
import { MIB } from "./size.ts";

const run = promisify(execFile);

async function untilItFails(step: () => Promise<unknown>): Promise<void> {
  for (let isOver = false; !isOver; ) {
    isOver = await step().then(
      () => false,
      () => true,
    );
  }
}

/** A disk of its own for a host's data, that is gone with the test. */
export class Disk implements AsyncDisposable {
  readonly folder: string;
  readonly #image: string | undefined;

  private constructor(folder: string, image?: string) {
    this.folder = folder;
    this.#image = image;
  }

  /** In memory. */
  static async small(host: TestHost, sizeBytes: number): Promise<Disk> {
    await mkdir(host.data, { recursive: true });
    await run("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "holdfast-test", host.data]);
    return new Disk(host.data);
  }

  /** ext4 in a file. */
  static async ext4(host: TestHost, sizeBytes: number): Promise<Disk> {
    const image = `${host.data}.img`;
    await mkdir(host.data, { recursive: true });
    const file = await open(image, "w");
    await file.truncate(sizeBytes);
    await file.close();
    await run("mkfs.ext4", ["-q", "-m", "0", image]);
    return Disk.mounted(host, image);
  }

  /** A disk that is there already. */
  static async mounted(host: TestHost, image: string): Promise<Disk> {
    await mkdir(host.data, { recursive: true });
    // What is not synced stays in memory for a minute.
    await run("mount", ["-o", "loop,commit=60", image, host.data]);
    await rm(join(host.data, "lost+found"), { recursive: true, force: true });
    return new Disk(host.data, image);
  }

  /** What is on the disk now and would be there after a power cut, as a disk of its own. Whoever writes should stand still meanwhile. */
  async copyTo(image: string): Promise<void> {
    await run("cp", ["--sparse=always", this.#image!, image]);
  }

  /** What the kernel does to an ext4 disk with errors: nothing is written any more, whoever has files open. */
  async turnReadOnly(): Promise<void> {
    await run("mount", ["-o", "remount,abort", this.folder]);
  }

  /** Another program's file, which takes all that is left. */
  async fill(): Promise<string> {
    const path = join(this.folder, "holiday-film.bin");
    const file = await open(path, "w");
    try {
      for (const size of [MIB, MIB / 16, 4096]) await untilItFails(() => file.write(new Uint8Array(size)));
    } finally {
      await file.close();
    }
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["-l", this.folder]);
    if (this.#image !== undefined) await rm(this.#image);
  }
}
