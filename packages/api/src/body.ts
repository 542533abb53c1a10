import { OperationError } from "@skein/base";
import { hasModernErrors } from "./api-version.ts";
import type { Call } from "./router.ts";

/** Newer engines read JSON only when it says that it is JSON; older ones read whatever comes. */
const checkContentType = (type: string | undefined): void => {
  const media = (type ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (media !== "application/json")
    throw new OperationError(
      "invalid-parameter",
      `unsupported Content-Type header (${type ?? ""}): must be 'application/json'`,
    );
};

/**
 * The request's body, read by one of wire's decoders.
 * @throws OperationError `invalid-parameter` in the words of the request's version.
 */
export const decodeBody = async <T>(call: Call, decode: (text: string) => T): Promise<T> => {
  const { request, version } = call;
  const modern = hasModernErrors(version);
  const text = await request.body();
  if (modern && text !== "") checkContentType(request.headers["content-type"]);
  try {
    return decode(text);
  } catch (error) {
    if (!modern || !(error instanceof OperationError)) throw error;
    throw new OperationError(error.kind, `invalid JSON: ${error.message}`, { cause: error });
  }
};
