import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { parseMount } from "./mount.ts";
import { parsePorts } from "./ports.ts";
import {
  parseConfig,
  parseCredentialSpec,
  parseExternalCa,
  parseNetwork,
  parseSecret,
} from "./references.ts";
import { splitWords } from "./shell-words.ts";
import {
  checkAddress,
  checkDomain,
  checkEnv,
  checkHost,
  checkLabel,
  parseCidr,
  parseFilter,
  parseListenAddress,
  parsePreference,
  parseUlimit,
} from "./values.ts";

test("CSV with quoted fields", () => {
  expect(parseCsv('a=1,"b=2,3",c')).toEqual(["a=1", "b=2,3", "c"]);
  expect(parseCsv('"a""b"')).toEqual(['a"b']);
  expect(parseCsv("a,")).toEqual(["a", ""]);
  expect(() => parseCsv("")).toThrow("EOF");
  expect(() => parseCsv('a"b')).toThrow(
    'parse error on line 1, column 2: bare " in non-quoted-field',
  );
  expect(() => parseCsv('"a"b')).toThrow('extraneous or missing " in quoted-field');
});

describe("mounts", () => {
  test("each family", () => {
    expect(parseMount("type=bind,src=/a,dst=/b,ro,bind-propagation=rshared")).toEqual({
      Type: "bind",
      Source: "/a",
      Target: "/b",
      ReadOnly: true,
      BindOptions: { Propagation: "rshared" },
    });
    expect(
      parseMount(
        "source=v,target=/b,volume-nocopy,volume-label=a=b,volume-driver=d,volume-opt=k=v",
      ),
    ).toEqual({
      Type: "volume",
      Source: "v",
      Target: "/b",
      VolumeOptions: {
        NoCopy: true,
        Labels: { a: "b" },
        DriverConfig: { Name: "d", Options: { k: "v" } },
      },
    });
    expect(parseMount("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=1777")).toEqual({
      Type: "tmpfs",
      Target: "/t",
      TmpfsOptions: { SizeBytes: 1_048_576, Mode: 0o1777 },
    });
  });

  test.each([
    ["foo", "invalid field 'foo' must be a key=value pair"],
    ["", "EOF"],
    ["type=bind", "target is required"],
    ["type=,target=/x", "type is required"],
    ["target=/x,foo=bar", "unexpected key 'foo' in 'foo=bar'"],
    ["target=/x,ro=maybe", "invalid value for ro: maybe"],
    ["type=bind,target=/x,volume-nocopy", "cannot mix 'volume-*' options with mount type 'bind'"],
    ["target=/x,bind-propagation=shared", "cannot mix 'bind-*' options with mount type 'volume'"],
    ["type=tmpfs,target=/x,tmpfs-size=5x", "invalid value for tmpfs-size: 5x"],
    [
      "type=bind,src=/x,target=/x,bind-recursive=writable",
      "option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction",
    ],
    [
      "type=bind,src=/x,target=/x,ro,bind-recursive=readonly",
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    ],
    ["target=/x,__proto__=1", "unexpected key '__proto__' in '__proto__=1'"],
  ])("%j is refused", (text, message) => {
    expect(() => parseMount(text)).toThrow(message);
  });
});

describe("ports", () => {
  const port = (TargetPort: number, PublishedPort?: number, Protocol = "tcp") => ({
    Protocol,
    TargetPort,
    ...(PublishedPort === undefined ? {} : { PublishedPort }),
    PublishMode: "ingress",
  });
  test.each([
    ["80", [port(80)]],
    ["8080:80/udp", [port(80, 8080, "udp")]],
    ["8000-8002:80-82", [port(80, 8000), port(81, 8001), port(82, 8002)]],
    ["8000-8001:80", [port(80, 8000), port(80, 8001)]],
    ["80-81", [port(80), port(81)]],
  ])("%s", (text, ports) => {
    expect(parsePorts(text)).toEqual(ports);
  });

  test("the long form", () => {
    expect(parsePorts("target=80,published=8080,mode=host,protocol=UDP")).toEqual([
      { TargetPort: 80, PublishedPort: 8080, PublishMode: "host", Protocol: "udp" },
    ]);
  });

  test.each([
    ["x", "invalid containerPort: x"],
    ["x:80", "invalid hostPort: x"],
    ["80:90/foo", "invalid proto: foo"],
    ["1.2.3.4:80:90", "hostip is not supported"],
    [
      "8000-8001:90-95",
      "invalid ranges specified for container and host Ports: 90-95 and 8000-8001",
    ],
    ["published=80", "missing mandatory field 'target'"],
    ["target=x", "invalid target port (x): value must be an integer: invalid syntax"],
    ["target=99999", "invalid target port (99999): value must be an integer: value out of range"],
    ["target=80,mode=foo", "invalid publish mode value (foo): must be either 'ingress' or 'host'"],
    ["target=80,protocol=foo", "invalid protocol value 'foo'"],
    ["target=80,foo=bar", "invalid field key: foo"],
  ])("%s is refused", (text, message) => {
    expect(() => parsePorts(text)).toThrow(message);
  });
});

describe("references", () => {
  const file = { Name: "t", UID: "0", GID: "0", Mode: 0o444 };
  test("secrets and configs", () => {
    expect(parseSecret("t")).toEqual({ File: file, SecretID: "", SecretName: "t" });
    expect(parseConfig("source=c,target=t,uid=3,gid=4,mode=0440")).toEqual({
      File: { Name: "t", UID: "3", GID: "4", Mode: 0o440 },
      ConfigID: "",
      ConfigName: "c",
    });
  });

  test("a network with aliases is folded to lower case", () => {
    expect(parseNetwork("Net")).toEqual({ Target: "Net" });
    expect(parseNetwork("name=Net,alias=A,driver-opt=K=V")).toEqual({
      Target: "net",
      Aliases: ["a"],
      DriverOpts: { k: "v" },
    });
  });

  test.each([
    [parseSecret, "target=a", "source is required"],
    [parseSecret, "source=a,foo=b", "invalid field in secret request: foo"],
    [parseSecret, "source=a,mode=9x", 'invalid mode specified: strconv.ParseUint: parsing "9x"'],
    [parseConfig, "a,b", "invalid field 'a' must be a key=value pair"],
    [parseNetwork, "alias=x", "network name/id is not specified"],
    [parseNetwork, "name=x,foo=y", "invalid field key foo"],
    [parseNetwork, "name=x,driver-opt=y", "invalid key value pair format in driver options"],
    [parseCredentialSpec, "foo", "invalid credential spec"],
    [parseExternalCa, "url=http://x", "the external-ca option needs a protocol= parameter"],
    [parseExternalCa, "protocol=cfssl", "the external-ca option needs a url= parameter"],
    [parseExternalCa, "protocol=foo,url=x", "unrecognized external CA protocol foo"],
    [
      parseExternalCa,
      "protocol=cfssl,url=x,cacert=/nope",
      "unable to read CA cert for external CA: open /nope: no such file or directory",
    ],
  ])("%o of %j is refused", (parse, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

test("shell words", () => {
  expect(splitWords(`sh -c 'a "b"' "c\\"d" e\\ f # rest`)).toEqual([
    "sh",
    "-c",
    'a "b"',
    'c"d',
    "e f",
  ]);
  expect(splitWords("")).toEqual([]);
  expect(splitWords("''")).toEqual([""]);
  expect(() => splitWords("'a")).toThrow("EOF found when expecting closing quote");
  expect(() => splitWords("a\\")).toThrow("EOF found after escape character");
});

describe("small values", () => {
  test("those that are taken", () => {
    expect(checkLabel("a=b c")).toBe("a=b c");
    expect(checkEnv({ HERE: "1" })("HERE")).toBe("HERE=1");
    expect(checkEnv({})("HERE")).toBe("HERE");
    expect(checkDomain("a.b.")).toBe("a.b");
    expect(checkDomain(".")).toBe(".");
    expect(checkHost("h:[::1]")).toBe("h:::1");
    expect(checkAddress(" 1.1.1.1 ")).toBe("1.1.1.1");
    expect(parseUlimit("nofile=10:20")).toEqual({ Name: "nofile", Soft: 10, Hard: 20 });
    expect(parseUlimit("core=-1")).toEqual({ Name: "core", Soft: -1, Hard: -1 });
    expect(parsePreference("spread=node.labels.x")).toEqual({
      Spread: { SpreadDescriptor: "node.labels.x" },
    });
    expect(parseFilter(" Name = x ")).toEqual(["name", "x"]);
    expect(parseFilter("")).toBeUndefined();
    expect(parseCidr("10.20.30.40/16")).toBe("10.20.0.0/16");
    expect(parseListenAddress("")).toBe("0.0.0.0:2377");
    expect(parseListenAddress("eth0")).toBe("eth0:2377");
    expect(parseListenAddress(":99")).toBe("0.0.0.0:99");
    expect(parseListenAddress("[::1]:99")).toBe("[::1]:99");
  });

  test.each<[(text: string) => unknown, string, string]>([
    [checkLabel, "", "invalid label '': empty name"],
    [checkLabel, "a b=c", "label 'a b' contains whitespaces"],
    [checkEnv({}), "=x", "invalid environment variable: =x"],
    [checkAddress, "x", "IP address is not correctly formatted: x"],
    [checkDomain, "1.2", "1.2 is not a valid domain"],
    [checkHost, "foo", 'bad format for add-host: "foo"'],
    [checkHost, "foo:bar", 'invalid IP address in add-host: "bar"'],
    [parseUlimit, "foo=1", "invalid ulimit type: foo"],
    [
      parseUlimit,
      "nofile=5:1",
      "ulimit soft limit must be less than or equal to hard limit: 5 > 1",
    ],
    [parsePreference, "foo=bar", "unsupported placement preference foo (only spread is supported)"],
    [parseFilter, "x", "bad format of filter (expected name=value)"],
    [parseCidr, "10.0.0.0/33", "invalid string being converted to CIDR: 10.0.0.0/33"],
    [parseListenAddress, "1.2.3.4:x", 'parse "tcp://1.2.3.4:x": invalid port ":x" after host'],
    [parseListenAddress, "http://x", "invalid proto, expected tcp: http://x"],
  ])("%o of %j is refused", (parse, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
