import type { HostId } from "../../codec/index.ts";
import { idFromText } from "../../codec/index.ts";
import { Admission, ApplicantAddress, ApplicantRow } from "../applicant-rows.ts";
import type { Applicants } from "../port.ts";
import { list, object } from "../schema.ts";
import type { Call, Route } from "./route.ts";
import { ok } from "./route.ts";

const idOf = (call: Call): HostId => idFromText<HostId>(call.param("id"));

/** Machines of the local network that ask to be let in. */
export function applicantRoutes(applicants: Applicants): readonly Route[] {
  return [
    { method: "GET", path: "/api/applicants", name: "applicants", summary: "Machines of the local network that ask to be let in", gives: { 200: { description: "Those that wait for an answer", schema: object({ applicants: list(ApplicantRow) }) } }, handle: () => ok({ applicants: applicants.list() }) },
    {
      method: "POST",
      path: "/api/applicants",
      name: "visitApplicant",
      summary: "Go to a machine on which a host is being set up, where it is not found by itself",
      takes: ApplicantAddress,
      gives: { 202: { description: "It shows this host among those that may let it in" } },
      handle: async (call) => {
        await applicants.visit(call.body<ApplicantAddress>().address);
        return { status: 202, json: {} };
      },
    },
    {
      method: "POST",
      path: "/api/applicants/{id}/admit",
      name: "admitApplicant",
      summary: "Let a machine in whose screen shows these digits: it is sent the code of an invite",
      takes: Admission,
      gives: { 201: { description: "It has the code", schema: ApplicantRow } },
      handle: async (call) => ({ status: 201, json: await applicants.admit(idOf(call), call.body<Admission>().digits) }),
    },
    { method: "DELETE", path: "/api/applicants/{id}", name: "refuseApplicant", summary: "Do not let a machine in", gives: { 200: { description: "It is told so", schema: ApplicantRow } }, handle: (call) => ok(applicants.refuse(idOf(call))) },
  ];
}
