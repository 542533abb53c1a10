// Goal: what Docker's event stream would say of a batch. Method: changes made by hand.
import type { Service } from "@skein/model";
import type { Change } from "@skein/store";
import { expect, test } from "vitest";
import { aNode, aSpec } from "../testing/builders.ts";
import type { ServiceWish } from "../testing/builders.ts";
import { eventsOf } from "./cluster-events.ts";

const meta = { version: 1, createdAt: 1000, updatedAt: 2000 };

const aService = (wish: ServiceWish, state?: "updating" | "completed"): Service => ({
  ...meta,
  id: "s1",
  spec: aSpec(wish),
  specVersion: 1,
  ...(state && { update: { state, message: "", startedAt: 0, dirtySlots: 1, failures: {} } }),
});

const told = (change: Change) =>
  eventsOf({ index: 7, changes: [change] }, 9000).map(({ type, action, attributes, time }) => ({
    type,
    action,
    attributes,
    time,
  }));

const ofService = (before: Service | undefined, after: Service | undefined) =>
  told({ table: "services", id: "s1", before, after });

test("creation and removal tell the name; a removal happens now", () => {
  const service = aService({});
  expect(ofService(undefined, service)).toEqual([
    { type: "service", action: "create", attributes: { name: "web" }, time: 2000 },
  ]);
  expect(ofService(service, undefined)).toEqual([
    { type: "service", action: "remove", attributes: { name: "web" }, time: 9000 },
  ]);
});

test("an update tells what changed, its progress in an event of its own", () => {
  const attributes = (before: Service, after: Service) =>
    ofService(before, after).map((event) => event.attributes);
  const name = "web";
  expect(attributes(aService({}), aService({ image: "app:2" }, "updating"))).toEqual([
    { name, "image.old": "app:1", "image.new": "app:2" },
    { name, "updatestate.new": "updating" },
  ]);
  expect(attributes(aService({}, "completed"), aService({ replicas: 2 }))).toEqual([
    { name, "replicas.old": "1", "replicas.new": "2" },
  ]);
  const updating = aService({}, "updating");
  const { update } = aService({}, "completed");
  if (!update) throw new Error("no update");
  expect(attributes(updating, { ...updating, update })).toEqual([
    { name, "updatestate.old": "updating", "updatestate.new": "completed" },
  ]);
});

test("a node tells its availability, role and state", () => {
  const before = { ...aNode("n1"), ...meta };
  const after = { ...aNode("n1", { availability: "drain", state: "down" }), ...meta };
  expect(told({ table: "nodes", id: "n1", before, after })).toEqual([
    {
      type: "node",
      action: "update",
      attributes: {
        name: "n1",
        "availability.old": "active",
        "availability.new": "drain",
        "state.old": "ready",
        "state.new": "down",
      },
      time: 2000,
    },
  ]);
});
