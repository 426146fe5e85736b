import { once } from 'node:events';
import ssh2 from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';
import { onTestFinished } from 'vitest';

/** "There is no such file", in the protocol's version 3. */
const NO_SUCH_FILE = 2;

function logIn(context: AuthContext, password: string): void {
  if (context.method === 'password' && context.password === password) context.accept();
  else context.reject(['password']);
}

/** An SFTP server on which nothing is. */
function serveNothing(connection: Connection): void {
  connection.on('session', (accept) => {
    accept().on('sftp', (acceptSftp) => {
      const sftp = acceptSftp();
      sftp.on('REALPATH', (id) => sftp.status(id, NO_SUCH_FILE));
    });
  });
}

/** A server that lets in who knows a password: OpenSSH's would need an account of the system. Closed with the test. */
export async function passwordServer(
  password: string,
): Promise<{ readonly port: number; readonly hostKey: string }> {
  const { private: privateKey, public: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [privateKey] }, (connection) => {
    connections.add(connection);
    connection.on('authentication', (context) => logIn(context, password));
    connection.on('ready', () => serveNothing(connection));
    connection.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const connection of connections) connection.end();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, hostKey };
}
