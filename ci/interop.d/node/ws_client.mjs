// Conversations over WebSocket by ws: one line for each, `ok NAME` or `FAIL NAME: why`.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import WebSocket from "ws";

const { values: options } = parseArgs({
  options: { address: { type: "string" }, authority: { type: "string" }, ca: { type: "string" } },
});
const PATIENCE = 20_000;
const cases = [];

function test(name, check) {
  cases.push([name, check]);
}

function same(what, got, wanted) {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left.slice(0, 200)} instead of ${right.slice(0, 200)}`);
}

function pattern(size) {
  return Buffer.alloc(size, Uint8Array.from({ length: 251 }, (_, index) => index));
}

// A connection whose messages wait in a queue, so that none is lost between two reads.
class Talk {
  constructor(path, settings, protocols) {
    const port = options.address.split(":").at(-1);
    this.socket = new WebSocket(`${options.ca ? "wss" : "ws"}://${options.authority}:${port}${path}`, protocols, {
      ca: options.ca && readFileSync(options.ca),
      lookup: (_name, asked, done) =>
        asked.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
      maxPayload: 32 << 20,
      ...settings,
    });
    this.queue = [];
    this.waiting = [];
    this.socket.on("message", (data, isBinary) => this.#arrive({ data: isBinary ? data : data.toString() }));
    this.socket.on("close", (code, reason) => this.#arrive({ end: [code, reason.toString()] }));
    this.socket.on("error", () => {});
  }

  #arrive(event) {
    const reader = this.waiting.shift();
    if (reader) reader(event);
    else this.queue.push(event);
  }

  #next() {
    if (this.queue.length > 0) return Promise.resolve(this.queue.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async message() {
    const event = await this.#next();
    if (event.end) throw new Error(`closed with ${event.end}`);
    return event.data;
  }

  async end() {
    const event = await this.#next();
    if (!event.end) throw new Error("a message came");
    return event.end;
  }

  async ask(text) {
    this.socket.send(text);
    return this.message();
  }
}

async function dial({ path = "/", settings = {}, protocols = [] } = {}) {
  const talk = new Talk(path, settings, protocols);
  await once(talk.socket, "open");
  return talk;
}

test("text comes back, also none and beyond ASCII", async () => {
  const talk = await dial();
  for (const said of ["said", "", "灰度发布 🚀"]) same("answer", await talk.ask(said), said);
  talk.socket.close();
});

test("bytes of every length code come back", async () => {
  const talk = await dial();
  for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
    same(`${size} bytes`, (await talk.ask(pattern(size))).equals(pattern(size)), true);
  }
  talk.socket.close();
});

test("a megabyte without compression", async () => {
  const talk = await dial({ settings: { perMessageDeflate: false } });
  same("answer", (await talk.ask(pattern(1 << 20))).equals(pattern(1 << 20)), true);
  same("big", (await talk.ask(`big ${1 << 20}`)).equals(pattern(1 << 20)), true);
  talk.socket.close();
});

test("fragments go both ways", async () => {
  const talk = await dial();
  const pieces = Array.from({ length: 100 }, (_, number) => `piece ${number}\n`);
  pieces.forEach((piece, index) => talk.socket.send(piece, { fin: index === 99 }));
  same("ours", await talk.message(), pieces.join(""));
  const parts = Array.from({ length: 100 }, (_, number) => `part ${number}\n`);
  same("theirs", await talk.ask("fragments 100"), parts.join(""));
  talk.socket.close();
});

test("pings are answered both ways", async () => {
  const talk = await dial();
  const pong = once(talk.socket, "pong");
  talk.socket.ping("there?");
  same("pong", (await pong)[0].toString(), "there?");
  same("answer", await talk.ask("ping"), "pong");
  talk.socket.close();
});

test("subprotocol and compression are agreed upon", async () => {
  const talk = await dial({ protocols: ["other", "peer.v1"] });
  same("subprotocol", talk.socket.protocol, "peer.v1");
  same("compression", talk.socket.extensions.startsWith("permessage-deflate"), true);
  talk.socket.close();
});

test("the client closes first", async () => {
  const id = randomBytes(8).toString("hex");
  const talk = await dial();
  same("answer", await talk.ask(`id ${id}`), "known");
  talk.socket.close(4000, "enough");
  same("end", await talk.end(), [4000, "enough"]);
  same("the server's side", await (await dial()).ask(`gone ${id}`), "gone 4000 enough");
});

test("the server closes first", async () => {
  const talk = await dial();
  talk.socket.send("close 4001 so long");
  same("end", await talk.end(), [4001, "so long"]);
});

test("a client that vanishes is missed at the server", async () => {
  const id = randomBytes(8).toString("hex");
  const talk = await dial();
  same("answer", await talk.ask(`id ${id}`), "known");
  talk.socket.terminate();
  same("the server's side", await (await dial()).ask(`gone ${id}`), "gone 1006");
});

test("a server that vanishes is missed at the client", async () => {
  const talk = await dial();
  talk.socket.send("drop");
  same("end", (await talk.end())[0], 1006);
});

test("both sides may talk at once", async () => {
  const talk = await dial({ settings: { perMessageDeflate: false } });
  const said = (number) => Buffer.concat([Buffer.from(`${number} `), pattern(10_000)]);
  for (let number = 0; number < 300; number++) talk.socket.send(said(number));
  for (let number = 0; number < 300; number++) same("answer", (await talk.message()).equals(said(number)), true);
  talk.socket.close();
});

test("fifty connections are open side by side", async () => {
  const talks = await Promise.all(Array.from({ length: 50 }, () => dial()));
  talks.forEach((talk, number) => talk.socket.send(String(number)));
  for (const [number, talk] of talks.entries()) same("answer", await talk.message(), String(number));
  for (const talk of talks) talk.socket.close();
});

test("a refusal arrives as it is", async () => {
  const { socket } = new Talk("/refused", {});
  const [, response] = await once(socket, "unexpected-response");
  same("status", response.statusCode, 403);
  response.setEncoding("utf8");
  same("body", (await response.toArray()).join(""), "not here\n");
});

let failed = 0;
for (const [name, check] of cases) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    await Promise.race([check(), late]);
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${error.message}`.replaceAll("\n", " "));
  } finally {
    clearTimeout(timer);
  }
}
process.exit(failed > 0 ? 1 : 0);
