// InspIRCd 3, with its flood protection off. https://docs.inspircd.org/3/configuration/

import { join } from "node:path";

import { gatherIrc } from "./irc-crowd.ts";
import type { Peer } from "./peer.ts";
import { serveTcp } from "./tcp-server.ts";

/** No limit that is a number is met by this benchmark. */
const MANY = 100_000_000;

const configuration = (port: number, folder: string): string => `
<config format="xml">
<server name="bench.example.net" description="bench" network="bench" id="1BE">
<admin name="bench" nick="bench" email="bench@example.net">
<bind address="127.0.0.1" port="${port}" type="clients">
<path configdir="${folder}" datadir="${folder}" logdir="${folder}" runtimedir="${folder}">
<connect name="bench" allow="*" timeout="60" pingfreq="1h" fakelag="no" commandrate="${MANY}"
  threshold="${MANY}" recvq="${MANY}" hardsendq="${MANY}" softsendq="${MANY}" maxchans="20"
  localmax="100000" globalmax="100000" maxconnwarn="no" resolvehostnames="no" useconnectban="no">
<performance netbuffersize="10240" somaxconn="1024" softlimit="100000" clonesonconnect="no">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="inspircd.log">
`;

export const inspircd: Peer = {
  name: "InspIRCd",
  needs: "inspircd",
  serve: (folder) =>
    serveTcp(async (port) => {
      const file = join(folder, "inspircd.conf");
      await Bun.write(file, configuration(port, folder));
      return ["inspircd", `--config=${file}`, "--nofork", "--nopid", "--runasroot"];
    }),
  gather: gatherIrc,
};
