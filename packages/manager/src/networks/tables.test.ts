import { expect, test } from "vitest";
import { aNode, aSpec, aTask } from "../testing/builders.ts";
import { viewAfter } from "../testing/view.ts";
import { endpointOf } from "./tables.ts";

test.each([
  ["back-{{.Task.Slot}}", ["back-2"]],
  ["{{.Node.Hostname}}", ["n1"]],
  ["fixed", ["fixed"]],
  [undefined, []],
])("a task's host name %s is one of its names", async (Hostname, aliases) => {
  const networks = [{ networkId: "back", addresses: ["10.0.5.7"], aliases: [] }];
  const task = aTask("t1", { slot: 2, nodeId: "n1", networks });
  const view = await viewAfter((tx) => {
    tx.put("nodes", aNode("n1"));
    tx.put("tasks", task);
    tx.put("specs", {
      id: "web.1",
      serviceId: "web",
      serviceName: "web",
      specVersion: 1,
      task: {
        ...aSpec().TaskTemplate,
        ContainerSpec: { Image: "app:1", ...(Hostname === undefined ? {} : { Hostname }) },
      },
    });
  });
  const stored = view.get("tasks", "t1");
  expect(stored && endpointOf(view, "back", stored)?.aliases).toEqual(aliases);
});
