import type { Clock, Random } from "@skein/base";
import { newId, OperationError } from "@skein/base";
import type { AnswerMessage, InquiryMessage, NodeAnswers, NodeQuestion } from "@skein/model";

/** What asking needs of the sessions. */
export interface InquiriesDependencies {
  readonly clock: Clock;
  readonly random: Random;
  /** Sends to a node's agent. False when it is not here, or too old to be asked. */
  readonly send: (nodeId: string, message: InquiryMessage) => boolean;
}

interface Waiting {
  readonly nodeId: string;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const unavailable = (text: string): OperationError => new OperationError("unavailable", text);

/** Questions to nodes, on their sessions, until they are answered. */
export class Inquiries {
  readonly #deps: InquiriesDependencies;
  readonly #waiting = new Map<string, Waiting>();

  constructor(dependencies: InquiriesDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Asks a node. Rejects with `unavailable` when the node has no session or loses it, with
   * `deadline-exceeded` when it does not answer within `patienceMs`, with `unknown` and the node's own
   * words when it cannot answer.
   */
  async ask<Q extends NodeQuestion>(
    nodeId: string,
    question: Q,
    patienceMs: number,
  ): Promise<NodeAnswers[Q["kind"]]> {
    const { clock, random, send } = this.#deps;
    const id = newId(random);
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { nodeId, resolve, reject });
    });
    const patience = new AbortController();
    try {
      if (!send(nodeId, { type: "inquiry", id, question }))
        throw unavailable(`node ${nodeId} is not connected`);
      const late = clock.sleep(patienceMs, patience.signal).then(
        () => {
          throw new OperationError("deadline-exceeded", `node ${nodeId} did not answer in time`);
        },
        () => undefined,
      );
      // Only the nodes of the cluster get here: an answer has the shape that its question asks for.
      return (await Promise.race([answered, late])) as NodeAnswers[Q["kind"]];
    } finally {
      patience.abort(new Error("answered"));
      this.#waiting.delete(id);
    }
  }

  /** A node answered. What nobody waits for any more is dropped. */
  received(nodeId: string, { id, answer, error }: AnswerMessage): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.nodeId !== nodeId) return;
    if (error === undefined) waiting.resolve(answer);
    else waiting.reject(new OperationError("unknown", error));
  }

  /** A node's session ended. */
  lost(nodeId: string): void {
    for (const waiting of this.#waiting.values())
      if (waiting.nodeId === nodeId) waiting.reject(unavailable(`node ${nodeId} was lost`));
  }
}
