import type { Meta } from "@skein/model";
import type { ObjectMeta } from "@skein/wire";
import { formatTime } from "@skein/wire";

/** Id, version and times of an object as the API shows them. */
export const metaOf = (object: Meta): ObjectMeta => ({
  ID: object.id,
  Version: { Index: object.version },
  CreatedAt: formatTime(object.createdAt),
  UpdatedAt: formatTime(object.updatedAt),
});
