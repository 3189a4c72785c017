import { bulkContract } from "./bulk.contract.ts";
import { connectionsContract } from "./connections.contract.ts";
import type { ContractNet } from "./contract-pair.ts";
import { runContract } from "./contract-pair.ts";
import { requestsContract } from "./requests.contract.ts";

/** What every Transport does, whatever is beneath it. */
export function transportContract(name: string, makeNet: () => Promise<ContractNet>): void {
  runContract(name, makeNet, { ...requestsContract, ...bulkContract, ...connectionsContract });
}
