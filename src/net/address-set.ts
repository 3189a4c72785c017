import { BlockList, isIP } from "node:net";
import { NetError } from "./errors.ts";

/**
 * Addresses and networks of them, as a question: is this address among them? An IPv4 address that comes in IPv6 clothes (`::ffff:10.0.0.1`) is taken for what it is.
 * @param typed each an IP address, or a network such as 10.0.0.0/8
 * @throws NetError BAD_ADDRESS
 */
export function addressSet(typed: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const each of typed) {
    const [address = "", bits, ...rest] = each.trim().split("/");
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (version === 0 || rest.length > 0 || !(prefix <= longest)) throw new NetError("BAD_ADDRESS", `"${each.slice(0, 80)}" is neither an IP address nor a network of them. Type it as 192.0.2.7, 10.0.0.0/8 or fd00::/8.`);
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}
