import type { NamespaceId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";

/** The texts of all TXT records under a name, each joined to one; none when DNS says that there are none. Throws when DNS gives no answer. */
export type LookUpTexts = (name: string) => Promise<readonly string[]>;

const PROOF = /^holdfast-site=(?<site>[a-z2-7]{52})$/;

/** Below the domain, so that the text is found also where the domain itself is an alias (CNAME), beside which nothing may stand. */
export function proofOf(domain: string, site: NamespaceId): { readonly name: string; readonly text: string } {
  return { name: `_holdfast.${domain}`, text: `holdfast-site=${site}` };
}

/**
 * What DNS last said about domains. Kept until it says something else: a name server that does not answer takes no site down. Not kept
 * over a restart: nobody finds a domain whose DNS does not answer.
 */
export class Proofs {
  readonly #env: Env;
  readonly #lookUp: LookUpTexts | undefined;
  readonly #told = new Map<string, readonly NamespaceId[]>();

  constructor(env: Env, lookUp: LookUpTexts | undefined) {
    this.#env = env;
    this.#lookUp = lookUp;
  }

  /** The sites that the domain's owner names; undefined while DNS has not answered. */
  told(domain: string): readonly NamespaceId[] | undefined {
    return this.#told.get(domain);
  }

  /** Asks DNS. */
  async ask(domain: string): Promise<void> {
    if (this.#lookUp === undefined) return;
    try {
      const texts = await this.#lookUp(`_holdfast.${domain}`);
      const sites = texts.map((text) => PROOF.exec(text.trim())?.groups?.["site"] as NamespaceId | undefined).filter((site) => site !== undefined);
      this.#told.set(domain, sites);
    } catch (error) {
      this.#env.log.info("DNS gives no answer about a domain; what it said before counts on", { domain, error });
    }
  }

  /** Forgets all domains but those. */
  keep(domains: ReadonlySet<string>): void {
    for (const domain of this.#told.keys()) if (!domains.has(domain)) this.#told.delete(domain);
  }
}
