import { expect, test } from "vitest";
import { assignments } from "../testing/fake-manager.ts";
import { webSpec, webTask } from "../testing/rig.ts";
import { AssignmentSet } from "./assignment-set.ts";

const secret = { id: "s1", version: 1, spec: { Labels: {}, Data: "eA==" } };

const started = (): AssignmentSet => {
  const set = new AssignmentSet();
  set.beginSession();
  set.apply(
    assignments(4, {
      specs: [webSpec()],
      tasks: [webTask("t1"), webTask("t2")],
      secrets: [secret],
    }),
  );
  return set;
};

test("a full set may have any number, a difference only the next one", () => {
  const set = started();
  expect(set.apply(assignments(4, { kind: "delta" }))).toBeUndefined();
  expect(set.apply(assignments(6, { kind: "delta", removedTasks: ["t1"] }))).toBeUndefined();
  expect(set.has("t1")).toBe(true);
  expect(set.apply(assignments(5, { kind: "delta", removedTasks: ["t1"] }))?.removed).toEqual([
    "t1",
  ]);
  set.beginSession();
  expect(set.apply(assignments(6, { kind: "delta" }))).toBeUndefined();
});

test("a full set replaces everything", () => {
  const set = started();
  const change = set.apply(
    assignments(1, {
      specs: [{ ...webSpec(), key: "svc.2" }],
      tasks: [webTask("t2", { spec: "svc.2" })],
    }),
  );
  expect(change).toMatchObject({ removed: ["t1"], removedSpecs: ["svc.1"] });
  expect(set.get("t2")?.spec.key).toBe("svc.2");
  expect(set.secret("s1")).toBeUndefined();
});

test("a spec is forgotten with its last task, as the manager does", () => {
  const set = started();
  const first = set.apply(assignments(5, { kind: "delta", removedTasks: ["t1"] }));
  expect(first?.removedSpecs).toEqual([]);
  const second = set.apply(assignments(6, { kind: "delta", removedTasks: ["t2"] }));
  expect(second?.removedSpecs).toEqual(["svc.1"]);
  // Without the spec the task makes no sense: the two sides have come apart.
  expect(set.apply(assignments(7, { kind: "delta", tasks: [webTask("t3")] }))).toBeUndefined();
});

test("secrets come and go with differences", () => {
  const set = started();
  expect(set.secret("s1")).toEqual(secret.spec);
  set.apply(assignments(5, { kind: "delta", removedSecrets: ["s1"] }));
  expect(set.secret("s1")).toBeUndefined();
});

test("what was on disk counts until a manager says otherwise", () => {
  const set = new AssignmentSet();
  set.restore([webTask("t1"), webTask("t2", { spec: "lost.1" })], [webSpec()]);
  expect(set.get("t1")?.spec.serviceName).toBe("web");
  expect(set.has("t2")).toBe(false);
});
