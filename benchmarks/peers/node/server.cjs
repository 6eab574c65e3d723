// The same chat as a Node programmer would write it: ws, ioredis for the rooms, better-sqlite3 for the rows.
"use strict";

const http = require("node:http");
const Database = require("better-sqlite3");
const Redis = require("ioredis");
const { WebSocket, WebSocketServer } = require("ws");

const ROOM = /^\/room\/([a-z0-9-]+)\/$/;

const database = new Database(process.env.DATABASE, { timeout: 20000 });
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");
database.exec("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, text TEXT NOT NULL)");
const insert = database.prepare("INSERT INTO message (room, text) VALUES (?, ?)");

const publisher = new Redis(process.env.REDIS_URL);
const subscriber = new Redis(process.env.REDIS_URL);
const rooms = new Map();

subscriber.on("message", (channel, text) => {
  for (const socket of rooms.get(channel) ?? []) {
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
});

async function join(socket, channel) {
  if (!rooms.has(channel)) {
    rooms.set(channel, new Set());
    rooms.get(channel).add(socket);
    await subscriber.subscribe(channel);
  } else {
    rooms.get(channel).add(socket);
  }
}

function leave(socket, channel) {
  const members = rooms.get(channel);
  members.delete(socket);
  if (!members.size) {
    rooms.delete(channel);
    subscriber.unsubscribe(channel);
  }
}

function enter(socket, room) {
  const channel = `room-${room}`;
  join(socket, channel);
  socket.on("message", (data) => {
    const text = data.toString();
    insert.run(room, text);
    publisher.publish(channel, text);
  });
  socket.on("close", () => leave(socket, channel));
}

const server = http.createServer((request, response) => response.writeHead(404).end());
const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 64 * 1024 });
sockets.on("connection", (socket, request) => {
  const room = ROOM.exec(request.url);
  if (room) enter(socket, room[1]);
  else if (request.url === "/echo/") socket.on("message", (data) => socket.send(data.toString()));
  else socket.close(4404);
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 2048 });
