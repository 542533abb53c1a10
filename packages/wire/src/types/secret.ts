import type { Annotations, Driver, ObjectMeta } from "./common.ts";

/** A secret: body of POST /secrets/create. `Data` is standard base64 and never shown. */
export interface SecretSpec extends Annotations {
  readonly Data?: string;
  readonly Driver?: Driver;
  readonly Templating?: Driver;
}

/** GET /secrets/{id} */
export interface Secret extends ObjectMeta {
  readonly Spec: SecretSpec;
}

/** A config file: body of POST /configs/create. `Data` is standard base64. */
export interface ConfigSpec extends Annotations {
  readonly Data?: string;
  readonly Templating?: Driver;
}

/** GET /configs/{id} */
export interface Config extends ObjectMeta {
  readonly Spec: ConfigSpec;
}

/** Answer of the create routes. */
export interface IdResponse {
  readonly ID: string;
}
