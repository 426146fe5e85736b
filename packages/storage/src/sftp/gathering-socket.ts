import { connect } from 'node:net';
import type { Socket } from 'node:net';

/**
 * Connects by a socket that sends together what is written in one turn of the event loop. The library writes each packet
 * in three pieces, each of which would else be a system call and a segment of its own.
 */
export function gatheringSocket(host: string, port: number): Socket {
  // Requests wait for answers: none may wait for more to be sent.
  const socket = connect({ host, port, noDelay: true });
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let isGathering = false;
  // To connect takes back a method that a class would have overridden.
  socket.write = (...args: unknown[]): boolean => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      process.nextTick(() => {
        isGathering = false;
        socket.uncork();
      });
    }
    return write(...args);
  };
  return socket;
}
