import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from './end-process.ts';
import { commandLineOf, exists, identify, isAlive } from './process-identity.ts';

const pollMs = 20;

/**
 * Clears away what an owner that was killed left behind: a server that still runs without it is stopped, and a pid file whose number
 * belongs to another program now is taken out of PostgreSQL's way.
 * @throws When a server that can't be seen from here (in another container) answers on the cluster's socket.
 */
export async function clearOrphan(cluster: string, log: (line: string) => void): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const [first = '', , , port = '', socketFolder = ''] = text.split('\n');
  const pid = Number(first);
  if (!Number.isInteger(pid) || pid <= 0) {
    return;
  }
  if (await isServerOf(cluster, pid)) {
    log(`stopping PostgreSQL (pid ${pid}), which a killed Stratum left behind in ${cluster}`);
    await endProcess(pid, untilGone(pid));
    return;
  }
  if (socketFolder !== '' && (await answers(join(socketFolder, `.s.PGSQL.${port}`)))) {
    throw new Error(`another PostgreSQL, outside of this container, is using ${cluster}`);
  }
  if (exists(pid)) {
    // PostgreSQL takes any process of that number for a server (even one that has ended and was not buried yet), but never its own
    // parent. The rest of the file stays: by it PostgreSQL makes sure that nothing still holds the old server's memory.
    await writeFile(file, [process.pid, ...text.split('\n').slice(1)].join('\n'));
    await removeSocket(cluster, port);
  }
}

/** The socket has a pid file of its own. Only one beside the data is known to be ours. */
async function removeSocket(cluster: string, port: string): Promise<void> {
  const socket = join(cluster, `.s.PGSQL.${port}`);
  await rm(`${socket}.lock`, { force: true });
  await rm(socket, { force: true });
}

async function isServerOf(cluster: string, pid: number): Promise<boolean> {
  const args = (await commandLineOf(pid)).replaceAll('\0', ' ');
  return exists(pid) && /postgres/.test(args) && args.includes(` -D ${cluster} `);
}

async function untilGone(pid: number): Promise<void> {
  const server = await identify(pid);
  while (await isAlive(server)) {
    await sleep(pollMs);
  }
}

/** Sockets are found through the file system, so this looks past the walls between containers of one machine. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}
