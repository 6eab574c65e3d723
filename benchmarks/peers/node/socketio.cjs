// The same chat on Socket.IO 4: its Redis adapter for the rooms, better-sqlite3 for the rows. Tuned as its documentation
// advises: websockets only, no compression, native code for the masks of frames, and no request kept in memory. For the
// masks it is enough that `bufferutil` is installed. The faster engine eiows needs Node 22.
"use strict";

const http = require("node:http");
const Database = require("better-sqlite3");
const Redis = require("ioredis");
const { createAdapter } = require("@socket.io/redis-adapter");
const { Server } = require("socket.io");

const database = new Database(process.env.DATABASE, { timeout: 20000 });
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");
database.exec("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, text TEXT NOT NULL)");
const insert = database.prepare("INSERT INTO message (room, text) VALUES (?, ?)");

const publisher = new Redis(process.env.REDIS_URL);
const server = http.createServer((request, response) => response.writeHead(404).end());
const sockets = new Server(server, {
  adapter: createAdapter(publisher, publisher.duplicate()),
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  maxHttpBufferSize: 64 * 1024,
});

sockets.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  socket.conn.request = null;
  socket.join(room);
  socket.on("message", (text) => {
    insert.run(room, text);
    sockets.to(room).emit("message", text);
  });
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 2048 });
