// ngIRCd, with its flood protection off. https://ngircd.barton.de/man/ngircd.conf.5.html

import { join } from "node:path";

import { gatherIrc } from "./irc-crowd.ts";
import type { Peer } from "./peer.ts";
import { serveTcp } from "./tcp-server.ts";

const configuration = (port: number): string => `
[Global]
Name = bench.example.net
Info = bench
Listen = 127.0.0.1
Ports = ${port}
MotdPhrase = bench
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
`;

export const ngircd: Peer = {
  name: "ngIRCd",
  needs: "ngircd",
  serve: (folder) =>
    serveTcp(async (port) => {
      const file = join(folder, "ngircd.conf");
      await Bun.write(file, configuration(port));
      return ["ngircd", "--nodaemon", "--config", file];
    }),
  gather: gatherIrc,
};
