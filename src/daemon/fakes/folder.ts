import { tmpdir } from "node:os";
import { join } from "node:path";
import { hex } from "../../codec/index.ts";
import { ensureFolder, removeIfPresent } from "../../platform/index.ts";
import { env } from "./board.ts";

/** For tests only: a folder that is gone when the test is. Use with `await using`. */
export class TestFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<TestFolder> {
    const path = join(tmpdir(), `holdfast-daemon-${hex(env.random.bytes(8))}`);
    await ensureFolder(path);
    return new TestFolder(path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return removeIfPresent(this.path);
  }
}
