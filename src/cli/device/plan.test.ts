import assert from "node:assert/strict";
import test from "node:test";
import { CliError } from "../errors.ts";
import { describeDevice, fstabLine, readDevices, refuseUnsafe, withFstabLine } from "./plan.ts";

const disk = { path: "/dev/sdb", type: "disk", size: 4e12, ro: false, model: "WD Elements", fstype: null, label: null, mountpoints: [null] };
const part = { path: "/dev/sdb1", type: "part", size: 4e12, ro: false, model: null, fstype: "ext4", label: "photos", mountpoints: [null] };

function device(value: object): ReturnType<typeof readDevices>[number] {
  return readDevices(JSON.stringify({ blockdevices: [value] }))[0]!;
}

function refusal(value: object): string {
  try {
    refuseUnsafe(device(value));
    return "";
  } catch (error) {
    assert.ok(error instanceof CliError && error.code === "DEVICE_REFUSED");
    return error.message;
  }
}

test("a disk that nothing uses may be erased, also one with partitions", () => {
  assert.equal(refusal(disk), "");
  assert.equal(refusal({ ...disk, children: [part] }), "");
});

test("a disk in use is refused with the reason and what to do", () => {
  assert.match(refusal({ ...disk, mountpoints: ["/"] }), /is mounted at \/\..*umount/);
  assert.match(refusal({ ...disk, children: [{ ...part, mountpoints: ["/home"] }] }), /holds \/dev\/sdb1, which is mounted at \/home/);
  assert.match(refusal({ ...disk, children: [{ ...part, mountpoints: ["[SWAP]"] }] }), /\[SWAP\]/);
  assert.match(refusal({ ...disk, children: [{ ...part, fstype: "LVM2_member" }] }), /part of something else/);
  assert.match(refusal({ ...disk, children: [{ ...part, children: [{ ...part, path: "/dev/mapper/x", type: "crypt" }] }] }), /in use as "crypt"/);
  assert.match(refusal({ ...disk, type: "rom" }), /type "rom"/);
  assert.match(refusal({ ...disk, ro: true }), /read-only/);
  assert.match(refusal({ ...disk, size: 1000 }), /only 1 kB/);
});

test("a device is shown with what is on it", () => {
  assert.equal(describeDevice(device({ ...disk, children: [{ ...part, mountpoints: ["/srv"] }] })), '/dev/sdb  4 TB disk, WD Elements: partitioned\n  /dev/sdb1  4 TB part: ext4 "photos", in use at /srv');
});

test("the table of file systems gets one line for a disk, however often it is asked", () => {
  const once = withFstabLine("# a comment", "12-34", "/srv/my disk");
  assert.equal(once, "# a comment\nUUID=12-34 /srv/my\\040disk ext4 defaults,nofail,noatime 0 2\n");
  assert.equal(withFstabLine(once, "12-34", "/srv/my disk"), once);
  assert.equal(withFstabLine("", "12-34", "/srv"), `${fstabLine("12-34", "/srv")}\n`);
});

test("what lsblk did not print is refused", () => {
  assert.throws(() => readDevices("not json"), { code: "DEVICE_FAILED" });
});
