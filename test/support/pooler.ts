import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './server-process.ts';

/** PgBouncer in transaction mode before a database. */
export interface Pooler extends AsyncDisposable {
  /** The database through it. */
  readonly url: string;
}

/** Where PgBouncer is on this machine; null where it isn't. */
export const pgbouncer =
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, 'pgbouncer'))
    .find((file) => existsSync(file)) ?? null;

/** With so many connections to the database at most. */
export async function openPooler(databaseUrl: string, size = 12): Promise<Pooler> {
  const { host, port: serverPort, user, password, database } = new pg.Client({ connectionString: databaseUrl });
  const folder = await mkdtemp(join(tmpdir(), 'stratum-pooler-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
${database} = host=${host.startsWith('/') ? '127.0.0.1' : host} port=${serverPort} dbname=${database} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${size}
`,
  );
  // As root it only runs as somebody else.
  await Promise.all([chmod(folder, 0o755), chmod(file, 0o644)]);
  const asOther = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(pgbouncer ?? 'pgbouncer', ['-q', ...asOther, file], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await untilItListens(child, port);
  return {
    url: `postgresql://${user}@127.0.0.1:${port}/${database}?pgbouncer=true`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilItListens(child: ChildProcess, port: number): Promise<void> {
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) {
      throw new Error(`pgbouncer ended with ${child.exitCode}`);
    }
    await sleep(50);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}
