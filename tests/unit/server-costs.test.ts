// What a server does not do for whoever says much: listen to strangers, and read what no client says.

import { expect, spyOn, test } from "bun:test";

import {
  REQUEST_PARTS_MAX,
  UNREGISTERED_MAX_BYTES,
  UNREGISTERED_MAX_MESSAGES,
} from "../../lib/chat/limits.ts";
import { encodeMessage } from "../../lib/chat/message.ts";
import { ChatScene } from "../support/chat-scene.ts";

test("it does not listen for long to one who does not register", () => {
  const scene = new ChatScene();
  const { node } = scene.stranger(5_556);
  const say = (times: number, bytes: Uint8Array) => {
    scene.network.act(node, (speaker, now) => {
      for (let count = 0; count < times; count++) speaker.sayBytes(now, bytes);
    });
    scene.run(100);
  };
  const ping = encodeMessage({ type: "ping", payload: {}, metadata: {} });
  say(UNREGISTERED_MAX_MESSAGES, ping);
  expect(node.machine.closed).toEqual([]);
  say(1, ping);
  scene.network.until(() => node.machine.closed.length > 0, "reset");
  scene.network.act(node, (speaker, now) => speaker.reconnect(now));
  say(1, new Uint8Array(UNREGISTERED_MAX_BYTES + 1));
  scene.network.until(() => node.machine.closed.length > 1, "reset");
  expect(node.machine.closed).toEqual(["reset", "reset"]);
});

test("it does not take apart what has more parts than anything a client says", () => {
  const scene = new ChatScene();
  const client = scene.user("client", 5_555);
  const parse = spyOn(JSON, "parse");
  const many = `{"type":"x","payload":{"a":[${"1,".repeat(REQUEST_PARTS_MAX)}1]},"metadata":{}}`;
  try {
    scene.network.act(client.node, (speaker, now) => {
      speaker.sayBytes(now, new TextEncoder().encode(many));
    });
    scene.run(100);
    expect(parse.mock.calls.some(([text]) => text === many)).toBe(false);
  } finally {
    parse.mockRestore();
  }
  expect(client.speaker.last("refused")?.payload.detail).toBe("too many fields");
  // What only looks like parts, inside of a text, is none.
  const text = `"\\",{[${"{,".repeat(REQUEST_PARTS_MAX)}`;
  client.ask("create_group", { group: "g" });
  client.ask("join_group", { group: "g" });
  expect(client.ask("send_group", { group: "g", text }).type).toBe("received");
});
