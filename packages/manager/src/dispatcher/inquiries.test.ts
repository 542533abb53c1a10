// Goal: a question to a node ends in its answer, its words, or a clear failure; never in silence.
import { newVirtualClock, seededRandom } from "@skein/base";
import type { InquiryMessage } from "@skein/model";
import { expect, test } from "vitest";
import { Inquiries } from "./inquiries.ts";

const question = { kind: "requirements" } as const;

const rig = (connected = true) => {
  const clock = newVirtualClock();
  const sent: InquiryMessage[] = [];
  const inquiries = new Inquiries({
    clock,
    random: seededRandom(1),
    send: (_, message) => connected && sent.push(message) > 0,
  });
  return { clock, sent, inquiries };
};

test("the answer comes to who asked", async () => {
  const { sent, inquiries } = rig();
  const asked = inquiries.ask("n1", question, 1000);
  const [message] = sent;
  // Another node cannot answer for it.
  inquiries.received("n2", { type: "answer", id: message?.id ?? "", answer: { missing: ["x"] } });
  inquiries.received("n1", { type: "answer", id: message?.id ?? "", answer: { missing: [] } });
  expect(await asked).toEqual({ missing: [] });
});

test("a node's own words become the error", async () => {
  const { sent, inquiries } = rig();
  const asked = inquiries.ask("n1", question, 1000);
  inquiries.received("n1", { type: "answer", id: sent[0]?.id ?? "", error: "no engine" });
  await expect(asked).rejects.toThrow("no engine");
});

test("a node that is not here, is lost, or is silent", async () => {
  await expect(rig(false).inquiries.ask("n1", question, 1000)).rejects.toThrow("not connected");
  const { clock, inquiries } = rig();
  const lost = inquiries.ask("n1", question, 1000);
  inquiries.lost("n1");
  await expect(lost).rejects.toThrow("node n1 was lost");
  const late = inquiries.ask("n1", question, 1000);
  void clock.advance(1000);
  await expect(late).rejects.toThrow("did not answer in time");
});
