// Real networks in namespaces: hosts, each with an address of its own, around a router whose packet filter drops what it
// is told to; hosts behind a NAT that can be given another address; links that carry only so much. Linux, and root.
// A namespace has the number of this process in its name, so that tests that run at the same time do not meet.

import { existsSync } from "node:fs";

const PREFIX = "chatapp";

/** Networks so far. */
let networks = 0;

const run = (command: readonly string[], input = ""): string => {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { stdin: Buffer.from(input) });
  if (!success) throw new Error(`${command.join(" ")}: ${stderr.toString().trim()}`);
  return stdout.toString();
};

/** Commands of `ip` in a namespace. */
const ip = (namespace: string, ...lines: readonly string[]): void => {
  run(["ip", "-n", namespace, "-batch", "-"], `${lines.join("\n")}\n`);
};

const inside = (namespace: string): string[] => ["ip", "netns", "exec", namespace];

/** Ends what still runs in a namespace, all of it started by a test, and removes it. */
const remove = (namespace: string): void => {
  for (const pid of run(["ip", "netns", "pids", namespace]).split("\n")) {
    if (pid === "") continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  run(["ip", "netns", "del", namespace]);
};

/** Removes what tests have left that were killed before they could do so. */
const sweep = (): void => {
  const left = new RegExp(`^${PREFIX}-([0-9]+)-\\S+`, "gm");
  for (const [namespace, pid] of run(["ip", "netns", "list"]).matchAll(left)) {
    if (existsSync(`/proc/${pid}`)) continue;
    try {
      remove(namespace);
    } catch {
      // Another test was faster.
    }
  }
};

const HOST_BEHIND_NAT = "192.168.77.2";

/** The port that a client behind a NAT has there. */
export const PORT_BEHIND_NAT = 5_555;

const LOSS_TABLE = "inet weather";

export interface LinkLimit {
  readonly kbitPerSecond: number;
  readonly queueBytes: number;
}

/** What the router has counted. */
export interface Counted {
  readonly passed: number;
  readonly dropped: number;
}

interface Place {
  readonly namespace: string;
  /** The namespace of its NAT, if it is behind one. */
  readonly nat: string | undefined;
  readonly subnet: number;
  /** How often its NAT was given another address. */
  rebinds: number;
}

const gateway = ({ subnet }: Place): string => `10.77.${subnet}.1`;

/** The router's end of the way to it. */
const deviceTo = ({ subnet }: Place): string => `to${subnet}`;

/** Where the others see it: the NAT, if there is one. */
const outer = ({ subnet, rebinds }: Place): string => `10.77.${subnet}.${2 + rebinds}`;

export class NamespaceNetwork {
  readonly #prefix = `${PREFIX}-${process.pid}-${++networks}`;
  readonly #router = `${this.#prefix}-router`;
  readonly #namespaces: string[] = [];
  readonly #places = new Map<string, Place>();

  /** Hosts by name, in a network without faults. Those in `behindNat` are behind one each. */
  constructor(hosts: readonly string[], behindNat: readonly string[] = []) {
    try {
      this.#add(this.#router);
      this.#forward(this.#router);
      for (const name of hosts) this.#addHost(name, behindNat.includes(name));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Where the others find a host that is not behind a NAT. */
  address(host: string): string {
    return outer(this.#place(host));
  }

  /** What starts a program on a host. */
  on(host: string): string[] {
    return inside(this.#place(host).namespace);
  }

  /** Drops so many of 100 packets, at random, whoever sends them to whom. Counts from 0 again. */
  lose(percent: number): void {
    const chain = "type filter hook forward priority 0;";
    const which = percent === 100 ? "" : `numgen random mod 100 < ${percent}`;
    const rules = `${which} counter drop\n counter accept`;
    this.#filter(this.#router, `table ${LOSS_TABLE} { chain forward { ${chain}\n ${rules}\n }\n }`);
  }

  counted(): Counted {
    const text = run([...inside(this.#router), "nft", "list", "table", ...LOSS_TABLE.split(" ")]);
    const count = (verdict: string): number =>
      Number(new RegExp(`packets ([0-9]+) bytes [0-9]+ ${verdict}`).exec(text)?.[1]);
    return { passed: count("accept"), dropped: count("drop") };
  }

  /** Lets so much through to and from a host, with a queue of this length each way. */
  limit(host: string, { kbitPerSecond, queueBytes }: LinkLimit): void {
    const place = this.#place(host);
    const tbf = `root tbf rate ${kbitPerSecond}kbit burst 3000 limit ${queueBytes}`;
    for (const [where, device] of [
      [place.nat ?? place.namespace, "eth0"],
      [this.#router, deviceTo(place)],
    ] as const) {
      run([...inside(where), ..."tc qdisc replace dev".split(" "), device, ...tbf.split(" ")]);
    }
  }

  /** The provider gives the NAT of this host another address: all it knew of its mappings is gone. */
  rebind(host: string): void {
    const place = this.#place(host);
    const { nat } = place;
    if (nat === undefined) throw new Error(`${host} is not behind a NAT`);
    const before = outer(place);
    place.rebinds++;
    this.#masquerade(nat, place);
    ip(
      nat,
      `addr del ${before}/24 dev eth0`,
      `addr add ${outer(place)}/24 dev eth0`,
      `route add default via ${gateway(place)}`,
    );
  }

  [Symbol.dispose](): void {
    for (const namespace of this.#namespaces.splice(0)) {
      try {
        remove(namespace);
      } catch (error) {
        console.error(String(error));
      }
    }
  }

  #place(host: string): Place {
    const place = this.#places.get(host);
    if (place === undefined) throw new Error(`no host ${host}`);
    return place;
  }

  #add(namespace: string): void {
    run(["ip", "netns", "add", namespace]);
    this.#namespaces.push(namespace);
    ip(namespace, "link set lo up");
  }

  #addHost(name: string, natted: boolean): void {
    const namespace = `${this.#prefix}-${name}`;
    const nat = natted ? `${namespace}-nat` : undefined;
    const place: Place = { namespace, nat, subnet: this.#places.size + 1, rebinds: 0 };
    this.#places.set(name, place);
    this.#add(namespace);
    if (nat !== undefined) this.#putBehind(nat, place);
    const edge = nat ?? namespace;
    const device = deviceTo(place);
    ip(
      this.#router,
      `link add name ${device} type veth peer name eth0 netns ${edge}`,
      `addr add ${gateway(place)}/24 dev ${device}`,
      `link set ${device} up`,
    );
    ip(
      edge,
      `addr add ${outer(place)}/24 dev eth0`,
      "link set eth0 up",
      `route add default via ${gateway(place)}`,
    );
  }

  #putBehind(nat: string, place: Place): void {
    this.#add(nat);
    this.#forward(nat);
    ip(
      nat,
      `link add name home type veth peer name eth0 netns ${place.namespace}`,
      "addr add 192.168.77.1/24 dev home",
      "link set home up",
    );
    ip(
      place.namespace,
      `addr add ${HOST_BEHIND_NAT}/24 dev eth0`,
      "link set eth0 up",
      "route add default via 192.168.77.1",
    );
    this.#masquerade(nat, place);
  }

  /** Everybody is let in, at all ports that it gives out. These are others each time. */
  #masquerade(nat: string, { rebinds }: Place): void {
    const first = 20_000 + 1_000 * rebinds;
    const ports = `${first}-${first + 999}`;
    const chains = [
      "chain postrouting { type nat hook postrouting priority 100;",
      `oifname "eth0" meta l4proto udp masquerade to :${ports}`,
      "}",
      "chain prerouting { type nat hook prerouting priority -100;",
      `iifname "eth0" udp dport ${ports} dnat to ${HOST_BEHIND_NAT}:${PORT_BEHIND_NAT}`,
      "}",
    ];
    this.#filter(nat, `table ip nat {\n${chains.join("\n")}\n}`);
  }

  #forward(namespace: string): void {
    run([...inside(namespace), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
  }

  #filter(namespace: string, ruleset: string): void {
    run([...inside(namespace), "nft", "-f", "-"], `flush ruleset\n${ruleset}\n`);
  }
}

/** Why there can be no such networks here; `undefined` if there can be. Tries it. */
export const whyNoNamespaces = (): string | undefined => {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  for (const tool of ["ip", "tc", "nft"]) {
    if (Bun.which(tool) === null) return `needs \`${tool}\``;
  }
  try {
    sweep();
    using network = new NamespaceNetwork(["host"], ["host"]);
    network.lose(50);
    network.limit("host", { kbitPerSecond: 1_000, queueBytes: 10_000 });
    network.rebind("host");
    network.counted();
  } catch (error) {
    return String(error).split("\n")[0];
  }
  return undefined;
};
