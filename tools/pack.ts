import { join, resolve } from "node:path";
import { bundle } from "./bundle.ts";

// What a package carries: see `bundle`. Run by `npm pack`.

await bundle(join(resolve(import.meta.dirname, ".."), "dist"));
