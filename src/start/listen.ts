import type { App } from '../app.ts';
import type { Config } from '../config.ts';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it; stop that, or set PORT to another',
  EACCES: 'it is reserved; set PORT to one above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address; set HOST to one it has',
  ENOTFOUND: 'there is no such host; set HOST to an address of this machine',
};

/**
 * Listens where the configuration says, and gives the address a person on this machine can use.
 * @throws With a sentence that says what to do when the address can't be had.
 */
export async function listen(server: App['server'], { host, port }: Pick<Config, 'host' | 'port'>): Promise<string> {
  try {
    await server.listen({ host, port, listenTextResolver: () => 'listening' });
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    throw reason === undefined
      ? error
      : new Error(`port ${port} of ${host} can't be used: ${reason}`, { cause: error });
  }
  // `PORT=0` is any: only now it has a number.
  const address = server.server.address();
  return `http://${reachable(host)}:${typeof address === 'object' && address !== null ? address.port : port}`;
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') {
    return '127.0.0.1';
  }
  return host.includes(':') ? `[${host}]` : host;
}
