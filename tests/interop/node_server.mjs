// The echo of application.py on Node's own http and https servers.
// node node_server.mjs PORT TLS_PORT CERTIFICATE REQUESTS_PER_CONNECTION IDLE_MILLISECONDS
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { gzipSync } from "node:zlib";

const [port, tlsPort, certificate, limit, idle] = process.argv.slice(2);

async function answer(request, response) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const kind = request.url.split("/").pop();
  let reply = Buffer.from(JSON.stringify({
    connection: String(request.socket.remotePort),
    accept_encoding: request.headers["accept-encoding"] ?? "",
    length: body.length,
    sha256: createHash("sha256").update(body).digest("hex"),
    filler: kind === "large" ? "x".repeat(4_000_000) : "",
  }));
  response.setHeader("content-type", "application/json");
  if (kind === "gzip") {
    reply = gzipSync(reply);
    response.setHeader("content-encoding", "gzip");
  }
  if (kind !== "chunked") response.setHeader("content-length", reply.length);
  for (let place = 0; place < reply.length; place += 65_536) response.write(reply.subarray(place, place + 65_536));
  response.end();
}

const pem = readFileSync(certificate);
for (const [server, at] of [
  [http.createServer(answer), port],
  [https.createServer({ key: pem, cert: pem }, answer), tlsPort],
]) {
  server.keepAliveTimeout = Number(idle);
  server.maxRequestsPerSocket = Number(limit);
  server.listen(Number(at), "127.0.0.1");
}
