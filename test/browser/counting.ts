import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import type { PartingRow } from "../../src/door/index.ts";
import { DoorError } from "../../src/door/index.ts";
import { FakeNode, TestDoor } from "../../src/door/fakes/harness.ts";
import { Visit } from "./browser.ts";

const BUILT = resolve(import.meta.dirname, "../../browser/built");

/** Nobody can say yes to a removal before it is known, and told, what would be lost with the host; nor where it cannot be told. */
export async function tryCounting(browser: Browser): Promise<void> {
  const node = new FakeNode();
  const counted = Promise.withResolvers<PartingRow>();
  const { parting } = node.upkeep;
  node.upkeep.parting = () => counted.promise;
  await using door = await TestDoor.open(node, { browserFolders: [BUILT] });
  await using context = await browser.newContext();
  const { page } = await Visit.begin(context);
  await page.goto(door.door.browserLink());
  await page.getByRole("link", { name: "Hosts", exact: true }).click();
  await page.getByRole("link", { name: "cellar", exact: true }).click();
  await page.getByRole("button", { name: "Remove cellar" }).click();
  const dialog = page.getByRole("dialog");
  const yes = dialog.getByRole("button", { name: "Remove cellar" });
  await dialog.getByText("What would be lost with cellar is still being counted.").waitFor();
  assert.equal(await yes.isDisabled(), true);
  counted.reject(new DoorError("INTERNAL", "It could not be counted."));
  await dialog.getByText("It could not be counted.").waitFor();
  assert.equal(await yes.isDisabled(), true);
  node.upkeep.parting = parting;
  await page.reload();
  await page.getByRole("button", { name: "Remove cellar" }).click();
  await dialog.getByText("With cellar 1 pack (10 B of content) would be lost for good.").waitFor();
  assert.equal(await yes.isDisabled(), false);
}
