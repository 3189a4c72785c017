import { ErrorBody } from "../rows.ts";
import type { AnySchema } from "../schema.ts";
import type { AnswerDoc, Route } from "./route.ts";

type Json = Record<string, unknown>;

/** Replaces each schema that has a name by a reference to it, and collects those named. */
function referring(schema: unknown, named: Json): unknown {
  if (Array.isArray(schema)) return schema.map((each) => referring(each, named));
  if (typeof schema !== "object" || schema === null) return schema;
  const { $id, ...rest } = schema as Json;
  const inner = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, referring(value, named)]));
  if (typeof $id !== "string") return inner;
  named[$id] = inner;
  return { $ref: `#/components/schemas/${$id}` };
}

function contentOf(answer: AnswerDoc, named: Json): Json {
  const types = answer.mediaTypes ?? (answer.schema === undefined ? [] : ["application/json"]);
  const content = answer.schema === undefined ? {} : { schema: referring(answer.schema, named) };
  return types.length === 0 ? {} : { content: Object.fromEntries(types.map((type) => [type, content])) };
}

function bodyOf(takes: AnySchema | "bytes", named: Json): Json {
  const content = takes === "bytes" ? { "application/octet-stream": {} } : { "application/json": { schema: referring(takes, named) } };
  return { requestBody: { required: true, content } };
}

function operation(route: Route, named: Json): Json {
  const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  const responses = Object.entries(route.gives).map(([status, answer]) => [status, { description: answer.description, ...contentOf(answer, named) }]);
  const failed = { description: "An error, with a stable code and what to do", content: { "application/json": { schema: referring(ErrorBody, named) } } };
  return {
    operationId: route.name,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.takes === undefined ? {} : bodyOf(route.takes, named)),
    responses: { ...Object.fromEntries(responses), default: failed },
  };
}

/** The API's description, from the same routes and schemas that answer. Spec: https://spec.openapis.org/oas/v3.1.1 */
export function openApi(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: "3.1.1",
    info: { title: "Holdfast", version, description: "One running host's API, on its own machine. A path at the end of a route keeps its slashes; each of its parts is percent-encoded." },
    security: [{ token: [] }],
    paths,
    components: { schemas, securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}
