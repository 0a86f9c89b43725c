// This project: the real server, and a crowd of members with the real transport. Each has an endpoint with a key of its
// own, a session, and the socket of the client program; so each delivery is sealed, acknowledged, and counted when its
// member takes it.
//
// Above the transport they are not whole clients: a thousand of those would each keep a table of all others, and draw
// every line of a screen that nobody sees. The members of the other systems do neither.

import { startChatServer } from "../chat-server.ts";
import { ChatCrowd } from "./chatapp-crowd.ts";
import type { Peer } from "./peer.ts";

export const chatapp: Peer = {
  name: "ChatApp",
  serve: () => startChatServer(),
  gather: (port, members, events, otherGroups) =>
    ChatCrowd.gather(port, members, events, otherGroups),
};
