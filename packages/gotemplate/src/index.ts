export type { TemplateFunction } from "./builtins.ts";
export { dockerFunctions } from "./docker-functions.ts";
export { requireString } from "./errors.ts";
export { parseTemplate } from "./template.ts";
export type { Template, TemplateOptions } from "./template.ts";
export { nilPointer, struct } from "./value.ts";
