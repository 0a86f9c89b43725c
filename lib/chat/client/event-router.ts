// What happens in the transport goes to the part of the client that it concerns. Whoever is not the server can send
// direct messages and nothing else. Knows sessions, and no lines.

import type { SessionId, TransportEvent } from "../../transport/endpoint.ts";
import { toHex } from "../../transport/wire/bytes.ts";
import { REQUEST_PARTS_MAX } from "../limits.ts";
import { decodeMessage } from "../message-decode.ts";
import type { Message } from "../message.ts";
import type { DirectLinks } from "./direct-links.ts";
import type { Grouping } from "./grouping.ts";
import type { Incoming } from "./incoming.ts";
import type { ServerLink } from "./server-link.ts";
import type { TableFeed } from "./table-feed.ts";

interface RouterParts {
  readonly server: ServerLink;
  readonly links: DirectLinks;
  readonly incoming: Incoming;
  readonly grouping: Grouping;
  readonly feed: TableFeed;
}

export class EventRouter {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  take(now: number, event: TransportEvent): void {
    const { server, links } = this.#parts;
    const fromServer = event.session === server.session;
    switch (event.type) {
      case "established":
        if (fromServer) server.onEstablished(event.peerKey);
        else links.onEstablished(now, event, toHex(event.peerKey));
        return;
      case "message":
        if (fromServer) this.#fromServer(now, event.bytes);
        else this.#fromPeer(now, event.session, event.bytes);
        return;
      case "delivered":
        if (fromServer) server.onDelivered(now, event.message);
        else links.onDelivered(now, event.session, event.message);
        return;
      case "unanswered":
        if (fromServer) server.onUnanswered(now, event.message);
        else links.onUnanswered(now, event.session, event.message);
        return;
      case "closed":
        if (fromServer) server.onClosed(now, event);
        else links.onClosed(now, event.session);
        return;
      case "moved":
        // The session goes on, and so does all that is on it.
        if (!fromServer) links.onMoved(now, event.session, event.address);
        return;
    }
  }

  #fromPeer(now: number, session: SessionId, bytes: Uint8Array): void {
    const { links, incoming } = this.#parts;
    const decoded = decodeMessage(bytes, REQUEST_PARTS_MAX);
    const peer = links.peerOf(session);
    if (peer === undefined || decoded.kind !== "message") return;
    const { message } = decoded;
    // It takes us for its server. In silence it would wait for an answer as long as for that of a busy one.
    if (message.type === "register") return links.refuse(now, session);
    if (message.type !== "direct_message") return;
    links.onHeard(session);
    // Not taken, so not acknowledged: the sender tries again, or says that it was not delivered.
    if (!incoming.hasRoom(peer, message.payload.text)) return links.abandon(now, session);
    if (!links.isNew(peer.key, message.metadata.number)) return;
    incoming.take(now, peer, message.payload.text);
  }

  #fromServer(now: number, bytes: Uint8Array): void {
    const { server, grouping, feed } = this.#parts;
    const decoded = decodeMessage(bytes);
    if (decoded.kind !== "message") return;
    const message: Message = decoded.message;
    server.onSpoken(now);
    switch (message.type) {
      case "table":
      case "table_changes":
      case "table_on_demand":
        return feed.take(now, message);
      case "group_message":
        return grouping.onMessage(message);
      case "removed_from_group":
        return grouping.onRemoved(message.payload.group);
      case "settled":
        return server.onSettled(message.payload.id);
      case "slow_down":
        return grouping.onSlowDown();
      case "refused":
        if (message.payload.request === "table_since") feed.onRefused();
        return server.onReply(now, message);
      case "registered":
      case "deregistered":
      case "group_created":
      case "groups":
      case "group_joined":
      case "group_left":
      case "members":
      case "received":
      case "offline_confirmed":
      case "still_online":
      case "resolved":
        return server.onReply(now, message);
      default:
        return; // a ping, which its delivery answers, or what only clients say
    }
  }
}
