import type { ApiRequest, ApiResponse, EngineApi } from "./http.ts";

/** Path and query as they came. */
export const targetOf = ({ path, query }: ApiRequest): string =>
  query === "" ? path : `${path}?${query}`;

/**
 * Has the engine answer a request whose body, if any, has been read already. Only what describes
 * the body comes back of its headers; framing is the listener's.
 */
export const passToEngine = async (
  engine: EngineApi,
  request: ApiRequest,
  body?: string,
): Promise<ApiResponse> => {
  const type = request.headers["content-type"];
  const answer = await engine.request({
    method: request.method,
    path: targetOf(request),
    signal: request.signal,
    ...(type !== undefined && { headers: { "content-type": type } }),
    ...(body !== undefined && { body }),
  });
  const answerType = answer.headers["content-type"];
  return {
    status: answer.status,
    headers: answerType === undefined ? {} : { "content-type": answerType },
    body: answer.body,
  };
};
