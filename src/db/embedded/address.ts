import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, giveTo } from './account.ts';
import { rememberedPort, rememberPort } from './place.ts';

/** How to reach a server: always by TCP on this machine, and by a socket in `socketFolder` where the system allows it. */
export interface Address {
  readonly port: number;
  readonly socketFolder: string | null;
  /** Removes what was made for it. */
  release(): Promise<void>;
}

/** Systems allow 104 to 108 bytes for a socket's path; PostgreSQL adds `/.s.PGSQL.65535` and its lock file's `.lock`. */
const longestFolder = 80;

/** The port of earlier starts unless somebody else took it meanwhile, and a socket beside the data if its path is short enough. */
export async function chooseAddress(
  dataDir: string,
  { cluster, account, log }: { cluster: string; account: Account | null; log: (line: string) => void },
): Promise<Address> {
  const port = await choosePort(dataDir, log);
  if (await canHoldSocket(cluster)) {
    return { port, socketFolder: cluster, release: async () => {} };
  }
  const folder = await mkdtemp(join(tmpdir(), 'stratum-'));
  await giveTo(account, folder);
  const release = () => rm(folder, { recursive: true, force: true });
  if (await canHoldSocket(folder)) {
    return { port, socketFolder: folder, release };
  }
  await release();
  return { port, socketFolder: null, release: async () => {} };
}

/** The address as a URL that `pg`, Prisma and `psql` understand alike. */
export function urlOf(
  { port, socketFolder }: Address,
  { user, password, database }: Record<'user' | 'password' | 'database', string>,
): string {
  const url = new URL(
    `postgresql://${user}:${password}@${socketFolder === null ? '127.0.0.1' : 'localhost'}:${port}/${database}`,
  );
  if (socketFolder !== null) {
    url.searchParams.set('host', socketFolder);
  }
  return url.href;
}

async function choosePort(dataDir: string, log: (line: string) => void): Promise<number> {
  const remembered = await rememberedPort(dataDir);
  const port = remembered === null ? null : await tryToListen({ port: remembered, host: '127.0.0.1' });
  if (port !== null) {
    return port;
  }
  const chosen = await tryToListen({ port: 0, host: '127.0.0.1' });
  if (chosen === null) {
    throw new Error('there is no free port on 127.0.0.1');
  }
  if (remembered !== null) {
    log(`port ${remembered} was taken by another program: PostgreSQL moves to ${chosen}`);
  }
  await rememberPort(dataDir, chosen);
  return chosen;
}

/** Some file systems hold no sockets, and some systems have none: trying is the only way to know. */
async function canHoldSocket(folder: string): Promise<boolean> {
  if (process.platform === 'win32' || Buffer.byteLength(folder) > longestFolder) {
    return false;
  }
  const path = join(folder, '.try');
  await rm(path, { force: true });
  return (await tryToListen({ path })) !== null;
}

/** The port that was bound (0 for a socket), or null when it can't be. */
function tryToListen(options: ListenOptions): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ ...options, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
