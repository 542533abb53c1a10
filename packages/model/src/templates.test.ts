import { describe, expect, it } from "vitest";
import type { FileTemplateContext } from "./templates.ts";
import { expandContainer, expandFile } from "./templates.ts";

const context: FileTemplateContext = {
  service: { id: "s1", name: "tp", labels: { team: "blue" } },
  node: { id: "n1", hostname: "host-1", platform: { Architecture: "x86_64", OS: "linux" } },
  task: { id: "t1", name: "tp.1.t1", slot: "1" },
  secret: (target) => (target === "key" ? "hidden" : undefined),
  config: (target) => (target === "app.conf" ? "on" : undefined),
  env: (name) => (name === "Y" ? "y" : undefined),
};

describe("templates of a container", () => {
  it("know service, node and task", () => {
    const all =
      "{{.Service.ID}}|{{.Service.Name}}|{{.Service.Labels.team}}|{{.Node.ID}}|{{.Node.Hostname}}|" +
      "{{.Node.Platform.OS}}|{{.Node.Platform.Architecture}}|{{.Task.ID}}|{{.Task.Name}}|{{.Task.Slot}}";
    const expanded = expandContainer(
      {
        Image: "{{.Service.Name}}",
        Env: [`ALL=${all}`, 'FN={{join "-" "a" "b"}}', "PLAIN={}", "{{.Service.Name}}"],
        Hostname: "{{.Service.Name}}-{{.Task.Slot}}",
        Mounts: [
          {
            Type: "volume",
            Source: "vol-{{.Task.Slot}}",
            Target: "/v-{{.Service.Name}}",
            VolumeOptions: {
              Labels: { slot: "{{.Task.Slot}}" },
              DriverConfig: { Name: "local", Options: { o: "{{.Node.ID}}" } },
            },
          },
        ],
      },
      context,
    );
    expect(expanded).toEqual({
      Image: "{{.Service.Name}}",
      Env: [
        "ALL=s1|tp|blue|n1|host-1|linux|x86_64|t1|tp.1.t1|1",
        "FN=a-b",
        "PLAIN={}",
        "{{.Service.Name}}",
      ],
      Hostname: "tp-1",
      Mounts: [
        {
          Type: "volume",
          Source: "vol-1",
          Target: "/v-tp",
          VolumeOptions: {
            Labels: { slot: "1" },
            DriverConfig: { Name: "local", Options: { o: "n1" } },
          },
        },
      ],
    });
  });
});

describe("templates of a secret or config", () => {
  it("know the task's files and environment besides", () => {
    const text = '{{secret "key"}} {{config "app.conf"}} {{env "Y"}}{{env "Z"}} {{.Task.Slot}}';
    expect(expandFile(text, context)).toBe("hidden on y 1");
  });

  it("fail on a file that the task does not have", () => {
    expect(() => expandFile('{{secret "x"}}', context)).toThrow(
      'executing "expansion" at <secret "x">: error calling secret: secret target x not found',
    );
  });
});
