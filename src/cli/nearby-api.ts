import type { ApplicantRow } from "../door/index.ts";
import type { Send } from "./upkeep-api.ts";

/** What the running host can be asked about machines nearby on which a host is being set up, as functions. */
export class NearbyApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  async list(): Promise<readonly ApplicantRow[]> {
    return ((await this.#send("GET", "/applicants")) as { applicants: ApplicantRow[] }).applicants;
  }

  async admit(id: string, digits: string): Promise<ApplicantRow> {
    return (await this.#send("POST", `/applicants/${encodeURIComponent(id)}/admit`, { digits })) as ApplicantRow;
  }

  async refuse(id: string): Promise<ApplicantRow> {
    return (await this.#send("DELETE", `/applicants/${encodeURIComponent(id)}`)) as ApplicantRow;
  }

  async visit(address: string): Promise<void> {
    await this.#send("POST", "/applicants", { address });
  }
}
