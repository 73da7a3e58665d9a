// The WebSocket server on ws; ../README.md has its commands.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const { values: options } = parseArgs({ options: { cert: { type: "string" }, key: { type: "string" } } });
const gone = new Map();

function pattern(size) {
  return Buffer.alloc(size, Uint8Array.from({ length: 251 }, (_, index) => index));
}

async function wasGone(id) {
  // It waits a while for what may still be on its way.
  for (let turn = 0; turn < 500 && !gone.has(id); turn++) await sleep(10);
  return gone.get(id) ?? "not gone";
}

async function answer(socket, request, message) {
  const [verb, ...words] = message.split(" ");
  const rest = words.join(" ");
  switch (verb) {
    case "id":
      socket.on("close", (code, reason) => gone.set(rest, `gone ${code} ${reason}`.trim()));
      return socket.send("known");
    case "gone":
      return socket.send(await wasGone(rest));
    case "close":
      return socket.close(Number(words[0]), words.slice(1).join(" "));
    case "big":
      return socket.send(pattern(Number(rest)));
    case "fragments":
      for (let part = 0; part < Number(rest); part++) {
        socket.send(`part ${part}\n`, { fin: part === Number(rest) - 1 });
      }
      return undefined;
    case "ping":
      socket.once("pong", () => socket.send("pong"));
      return socket.ping("still there?");
    case "headers":
      return socket.send(JSON.stringify(request.headers));
    case "drop":
      return socket.terminate();
    default:
      return socket.send(message);
  }
}

const server = options.cert
  ? https.createServer({ cert: readFileSync(options.cert), key: readFileSync(options.key) })
  : http.createServer();
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: true,
  maxPayload: 32 << 20,
  handleProtocols: (offered) => offered.has("peer.v1") && "peer.v1",
});
server.on("upgrade", (request, stream, head) => {
  if (request.url === "/refused") {
    stream.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n");
    return;
  }
  sockets.handleUpgrade(request, stream, head, (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (isBinary) socket.send(data);
      else answer(socket, request, data.toString());
    });
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ address: `127.0.0.1:${server.address().port}` }));
});
