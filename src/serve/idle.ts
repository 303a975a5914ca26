/**
 * Closes connections that nobody has used for a while. Node's own way (`keepAliveTimeout`) arms a timer anew for every
 * request, which is a twentieth of the cost of a small one; a sweep now and then costs nothing.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const OPEN = Symbol('requests in progress');
const SWEEPS = Symbol('sweeps in a row that found it idle');

/** What is remembered of a connection, on the connection itself: a map would be asked twice per request. */
interface Kept extends Socket {
  [OPEN]?: number;
  [SWEEPS]?: number;
}

/** A request has begun on the connection. */
export function beginRequest(socket: Kept): void {
  socket[OPEN] = (socket[OPEN] ?? 0) + 1;
  socket[SWEEPS] = 0;
}

/** It was answered. */
export function endRequest(socket: Kept): void {
  socket[OPEN]! -= 1;
}

/** Sweeps ten times in `timeoutMs`; a connection that was idle for so long is closed, a little earlier or later. */
export function closeIdle(server: Server, timeoutMs: number): void {
  const sockets = new Set<Kept>();
  server.on('connection', (socket: Kept) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const sweep = setInterval(() => {
    for (const socket of sockets) {
      // One that never sent a request is the business of Node's headersTimeout.
      if (socket[OPEN] === 0 && socket.writableLength === 0) {
        socket[SWEEPS]! += 1;
        if (socket[SWEEPS]! > 10) {
          socket.destroy();
        }
      }
    }
  }, timeoutMs / 10);
  sweep.unref();
  server.once('close', () => clearInterval(sweep));
}
