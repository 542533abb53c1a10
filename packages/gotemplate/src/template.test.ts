import { describe, expect, it } from "vitest";
import { parseTemplate } from "./template.ts";
import { nilPointer, struct } from "./value.ts";

const data = struct("main.Data", {
  Name: "web",
  Count: 3,
  Ratio: 0.25,
  Empty: "",
  Nothing: null,
  Pointer: nilPointer("main.Nested"),
  When: struct("time.Time", { String: () => "now" }),
  List: ["a", "b"],
  Labels: { team: "blue", app: "shop" },
  Nested: struct("*main.Nested", { ID: "n1", Tags: [{ k: "v" }] }),
  Label: (key: string) => `<${key}>`,
});

const run = (text: string, value: unknown = data): string =>
  parseTemplate("t", text).execute(value);

describe("templates", () => {
  it.each([
    ["{{.Name}}/{{.Nested.ID}} {{.Count}} {{.Ratio}}", "web/n1 3 0.25"],
    ["{{.}}", "{web 3 0.25  <nil> <nil> now [a b] map[app:shop team:blue] &{n1 [map[k:v]]}}"],
    [
      "{{.List}} {{.Labels}} {{.Labels.team}} {{.Labels.none}}",
      "[a b] map[app:shop team:blue] blue <no value>",
    ],
    [
      "{{.Pointer}} {{.When}} {{if .Pointer}}1{{else}}2{{end}} {{json .Pointer}}",
      "<nil> now 2 null",
    ],
    ['{{index .Labels "none"}}{{index .List 1}}{{(index .Nested.Tags 0).k}}', "bv"],
    ['{{.Label "x"}} {{"y" | .Label}}', "<x> <y>"],
    ["a {{- .Name -}} \n b", "awebb"],
    ["{{/* nothing */}}x{{- /* here */ -}} y", "xy"],
    ["{{if .Empty}}1{{else if .Name}}2{{else}}3{{end}}", "2"],
    ["{{if and .Name (not .Empty)}}y{{end}}{{if or .Empty .Nothing}}n{{end}}", "y"],
    ["{{with .Nested}}{{.ID}}{{$.Name}}{{else}}none{{end}}", "n1web"],
    ["{{range .List}}[{{.}}]{{else}}none{{end}}", "[a][b]"],
    ["{{range $i, $x := .List}}{{if $i}},{{end}}{{$i}}={{$x}}{{end}}", "0=a,1=b"],
    ["{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "app=shop;team=blue;"],
    ["{{range .List}}{{.}}{{break}}{{end}}{{range .List}}{{continue}}x{{end}}", "a"],
    ["{{range .Empty2}}x{{else}}none{{end}}", "none"],
    ["{{$x := 1}}{{range .List}}{{$x = 2}}{{end}}{{$x}}", "2"],
    ["{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"],
    [
      '{{printf "%-5s|%5d|%05.1f|%q|%v|%x" .Name 42 3.14159 "q" .List "hi"}}',
      'web  |   42|003.1|"q"|[a b]|6869',
    ],
    ['{{printf "%d %s" "x"}}', "%!d(string=x) %!s(MISSING)"],
    ['{{print 1 2 "a" "b" 3}}|{{println "a" 1}}', "1 2ab3|a 1\n"],
    ['{{eq .Name "x" "web"}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}}', "true true true true"],
    ["{{len .List}} {{len .Name}} {{slice .Name 1 2}}", "2 3 e"],
    ["{{json .List}} {{json .Nested}}", '["a","b"] {"ID":"n1","Tags":[{"k":"v"}]}'],
    ['{{join .List ","}} {{upper "a"}} {{lower "B"}} {{title "go on"}}', "a,b A b Go On"],
    [
      '{{pad "x" 1 2}}|{{pad "" 1 2}}|{{truncate "abcdef" 3}}|{{split "a:b" ":"}}',
      " x  ||abc|[a b]",
    ],
    ["{{`raw \\n`}}{{'a'}}{{\"\\u00e9\\x41b\"}}{{0x10}}{{1_000}}", "raw \\n97éAb161000"],
    ['{{"a" | printf "%s-%s" "b" | upper}}', "B-A"],
    ['{{html "<a>"}} {{urlquery "a b&c"}}', "&lt;a&gt; a+b%26c"],
  ])("%s", (text, printed) => {
    const value = text.includes("Empty2") ? { Empty2: [] } : data;
    expect(run(text, value)).toBe(printed);
  });
});

describe("errors while running, in Go's words", () => {
  it.each([
    ["{{.Foo}}", `t:1:2: executing "t" at <.Foo>: can't evaluate field Foo in type main.Data`],
    [
      "{{.Foo.Bar}}",
      `t:1:6: executing "t" at <.Foo.Bar>: can't evaluate field Foo in type main.Data`,
    ],
    ["x\n {{.Name.X}}", `t:2:8: executing "t" at <.Name.X>: can't evaluate field X in type string`],
    [
      "{{.Nothing.X}}",
      `t:1:10: executing "t" at <.Nothing.X>: nil pointer evaluating interface {}.X`,
    ],
    [
      "{{index .List 5}}",
      `t:1:2: executing "t" at <index .List 5>: error calling index: index out of range: 5`,
    ],
    [
      "{{upper 1}}",
      `t:1:2: executing "t" at <upper 1>: wrong type for value; expected string; got int`,
    ],
    [
      "{{.Name 1}}",
      `t:1:2: executing "t" at <.Name>: Name has arguments but cannot be invoked as function`,
    ],
    ["{{1 2}}", `t:1:2: executing "t" at <1>: can't give argument to non-function 1`],
    ["{{nil}}", `t:1:2: executing "t" at <nil>: nil is not a command`],
    ["{{range .Name}}{{end}}", `t:1:8: executing "t" at <.Name>: range can't iterate over web`],
    [
      '{{eq 1 "a"}}',
      `t:1:2: executing "t" at <eq 1 "a">: error calling eq: incompatible types for comparison`,
    ],
    ["{{not}}", `t:1:2: executing "t" at <not>: wrong number of args for not: want 1 got 0`],
  ])("%s", (text, message) => {
    expect(() => run(text)).toThrow(`template: ${message}`);
  });

  it("tell of missing keys when asked to", () => {
    const strict = parseTemplate("expansion", "{{.Labels.none}}", {}, { missingKey: "error" });
    expect(() => strict.execute(data)).toThrow(
      'template: expansion:1:9: executing "expansion" at <.Labels.none>: map has no entry for key "none"',
    );
  });
});

describe("errors of form, in Go's words", () => {
  it.each([
    ["{{.Node", "unclosed action"],
    ["{{nofunc 1}}", 'function "nofunc" not defined'],
    ["{{}}", "missing value for command"],
    ["{{if}}{{end}}", "missing value for if"],
    ["{{if .A}}", "unexpected EOF"],
    ["{{end}}", "unexpected {{end}}"],
    ["{{else}}", "unexpected {{else}}"],
    ["{{$x}}", 'undefined variable "$x"'],
    ['{{"abc}}', "unterminated quoted string"],
    ["{{(len .A}}", "unclosed left paren"],
    ["{{len .A)}}", "unexpected right paren"],
    ["{{/* x }}", "unclosed comment"],
    ["{{.A | 1}}", "non executable command in pipeline stage 2"],
    ["{{.A#}}", "bad character U+0023 '#'"],
    ["{{#}}", "unrecognized character in action: U+0023 '#'"],
    ["{{break}}", "{{break}} outside {{range}}"],
    ["{{1x}}", 'bad number syntax: "1x"'],
    ["{{.A}}\n{{nofunc}}", 'function "nofunc" not defined'],
  ])("%s", (text, message) => {
    const line = text.includes("\n") ? 2 : 1;
    expect(() => parseTemplate("e", text)).toThrow(`template: e:${line}: ${message}`);
  });
});
