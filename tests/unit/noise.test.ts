// Noise handshakes against published vectors, and who does not get through one.

import { describe, expect, test } from "bun:test";

import { open, seal } from "../../lib/transport/crypto/aead.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import {
  type HandshakeOptions,
  InitiatorHandshake,
  type InitiatorOptions,
  ResponderHandshake,
  type TransportKeys,
  transportKeys,
} from "../../lib/transport/crypto/noise.ts";
import { equalBytes, toHex } from "../../lib/transport/wire/bytes.ts";
import { mutate } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";
import { unhex } from "../support/vectors.ts";
import vectors from "../vectors/noise.json";

const NO_AD = new Uint8Array(0);

for (const vector of vectors.vectors) {
  describe(vector.protocol_name, () => {
    const initiator = (): InitiatorHandshake =>
      new InitiatorHandshake({
        static: keyPairFrom(unhex(vector.init_static)),
        ephemeral: keyPairFrom(unhex(vector.init_ephemeral)),
        remoteStatic: unhex(vector.init_remote_static),
        prologue: unhex(vector.init_prologue),
        psk: psk(vector.init_psks),
      });
    const responder = (): ResponderHandshake =>
      new ResponderHandshake({
        static: keyPairFrom(unhex(vector.resp_static)),
        prologue: unhex(vector.resp_prologue),
        psk: psk(vector.resp_psks),
      });
    const ephemeral = keyPairFrom(unhex(vector.resp_ephemeral));
    const messages = vector.messages.map(({ payload, ciphertext }) => ({
      payload: unhex(payload),
      ciphertext: unhex(ciphertext),
    }));
    const [initiate, respond] = [messages[0]!, messages[1]!];

    /** Every message behind the handshake, from the initiator and the responder in turn. */
    const checkTransport = (keys: TransportKeys, isInitiator: boolean): void => {
      messages.slice(2).forEach(({ payload, ciphertext }, i) => {
        const counter = Math.floor(i / 2);
        const sends = (i % 2 === 0) === isInitiator;
        if (sends) expect(toHex(seal(keys.send, counter, NO_AD, payload))).toBe(toHex(ciphertext));
        else expect(toHex(open(keys.receive, counter, NO_AD, ciphertext)!)).toBe(toHex(payload));
      });
    };

    test("the initiator", () => {
      const handshake = initiator();
      expect(toHex(handshake.writeInitiate(initiate.payload)!)).toBe(toHex(initiate.ciphertext));
      const answer = handshake.readRespond(respond.ciphertext);
      expect(toHex(answer!.payload)).toBe(toHex(respond.payload));
      expect(toHex(handshake.handshakeHash)).toBe(vector.handshake_hash);
      checkTransport(handshake.split(), true);
    });

    test("the responder", () => {
      const handshake = responder();
      const received = handshake.readInitiate(initiate.ciphertext);
      expect(toHex(received!.payload)).toBe(toHex(initiate.payload));
      const remote = keyPairFrom(unhex(vector.init_static)).publicKey;
      expect(toHex(received!.remoteStatic)).toBe(toHex(remote));
      expect(toHex(handshake.writeRespond(ephemeral, respond.payload))).toBe(
        toHex(respond.ciphertext),
      );
      expect(toHex(handshake.handshakeHash)).toBe(vector.handshake_hash);
      checkTransport(transportKeys(handshake.end(), false), false);
    });

    test("a damaged first message ends the handshake and throws nothing", () => {
      const prng = new Prng(1);
      for (let i = 0; i < 300; i++) {
        const damaged = mutate(prng, initiate.ciphertext);
        if (equalBytes(damaged, initiate.ciphertext)) continue;
        const handshake = responder();
        expect(handshake.readInitiate(damaged)).toBeUndefined();
        expect(handshake.readInitiate(initiate.ciphertext)).toBeUndefined();
        expect(() => handshake.writeRespond(ephemeral, respond.payload)).toThrow("handshake");
      }
    });

    test("after damaged answers the right one still completes the handshake", () => {
      const prng = new Prng(2);
      const handshake = initiator();
      handshake.writeInitiate(initiate.payload);
      for (let i = 0; i < 300; i++) {
        const damaged = mutate(prng, respond.ciphertext);
        if (equalBytes(damaged, respond.ciphertext)) continue;
        expect(handshake.readRespond(damaged)).toBeUndefined();
        expect(() => handshake.split()).toThrow("handshake");
      }
      expect(toHex(handshake.readRespond(respond.ciphertext)!.payload)).toBe(
        toHex(respond.payload),
      );
      checkTransport(handshake.split(), true);
      expect(handshake.readRespond(respond.ciphertext)).toBeUndefined();
    });

    test("a message cut off at any length is refused", () => {
      for (let length = 0; length < initiate.ciphertext.length; length++) {
        expect(responder().readInitiate(initiate.ciphertext.subarray(0, length))).toBeUndefined();
      }
      const handshake = initiator();
      handshake.writeInitiate(initiate.payload);
      for (let length = 0; length < respond.ciphertext.length; length++) {
        expect(handshake.readRespond(respond.ciphertext.subarray(0, length))).toBeUndefined();
      }
    });
  });
}

describe("who gets through", () => {
  const keyPair = (seed: number) => keyPairFrom(new Prng(seed).bytes(32));
  const psk1 = new Uint8Array(32).fill(1);
  const psk2 = new Uint8Array(32).fill(2);
  const prologue = unhex("01");
  const server = keyPair(1);
  const initiatorBase = { static: keyPair(2), ephemeral: keyPair(3), prologue };
  const responderBase = { static: server, prologue };

  /** How far a handshake comes between two sides with these options. */
  function outcome(
    initiatorOptions: Partial<InitiatorOptions>,
    responderOptions: Partial<HandshakeOptions>,
  ): "refused by the responder" | "refused by the initiator" | "complete" {
    const remoteStatic = server.publicKey;
    const a = new InitiatorHandshake({ ...initiatorBase, remoteStatic, ...initiatorOptions });
    const b = new ResponderHandshake({ ...responderBase, ...responderOptions });
    if (b.readInitiate(a.writeInitiate(NO_AD)!) === undefined) return "refused by the responder";
    const respond = b.writeRespond(keyPair(4), NO_AD);
    if (a.readRespond(respond) === undefined) return "refused by the initiator";
    const [initiator, responder] = [a.split(), transportKeys(b.end(), false)];
    const sealed = seal(initiator.send, 0, NO_AD, NO_AD);
    expect(open(responder.receive, 0, NO_AD, sealed)).toBeDefined();
    expect(open(responder.send, 0, NO_AD, sealed)).toBeUndefined();
    expect(toHex(initiator.chain)).toBe(toHex(responder.chain));
    expect([initiator.initiator, responder.initiator]).toEqual([true, false]);
    return "complete";
  }

  test("two that agree, with a password and without", () => {
    expect(outcome({}, {})).toBe("complete");
    expect(outcome({ psk: psk1 }, { psk: psk1 })).toBe("complete");
  });

  test("not another prologue, key, or password for none", () => {
    expect(outcome({ prologue: unhex("02") }, {})).toBe("refused by the responder");
    expect(outcome({}, { static: keyPair(5) })).toBe("refused by the responder");
    expect(outcome({ psk: psk1 }, {})).toBe("refused by the responder");
    expect(outcome({}, { psk: psk1 })).toBe("refused by the responder");
  });

  test("not another password: the initiator finds out first", () => {
    expect(outcome({ psk: psk1 }, { psk: psk2 })).toBe("refused by the initiator");
  });

  test("a remote key of low order gives no message", () => {
    const remoteStatic = new Uint8Array(32);
    const handshake = new InitiatorHandshake({ ...initiatorBase, remoteStatic });
    expect(handshake.writeInitiate(NO_AD)).toBeUndefined();
    expect(handshake.readRespond(new Uint8Array(64))).toBeUndefined();
  });
});

test("calls out of order are mistakes of the program", () => {
  const options = {
    static: keyPairFrom(new Uint8Array(32).fill(1)),
    prologue: NO_AD,
  };
  const ephemeral = keyPairFrom(new Uint8Array(32).fill(2));
  const responder = new ResponderHandshake(options);
  expect(() => responder.end()).toThrow("handshake: called when start, not complete");
  expect(() => responder.writeRespond(ephemeral, NO_AD)).toThrow("handshake");
  const remoteStatic = keyPairFrom(new Uint8Array(32).fill(3)).publicKey;
  const initiator = new InitiatorHandshake({ ...options, ephemeral, remoteStatic });
  expect(initiator.readRespond(new Uint8Array(80))).toBeUndefined();
  initiator.writeInitiate(NO_AD);
  expect(() => initiator.writeInitiate(NO_AD)).toThrow("handshake");
});

function psk(psks: readonly string[] | undefined): Uint8Array | undefined {
  return psks === undefined ? undefined : unhex(psks[0]!);
}
