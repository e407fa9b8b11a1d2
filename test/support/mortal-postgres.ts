import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';

/** A PostgreSQL with a migrated database, which can be killed as a machine that loses its power kills it. */
export interface MortalPostgres extends AsyncDisposable {
  readonly url: string;
  /** Ends the server and every process of it at once, and comes back when another one runs on the same data and port. */
  crash(): Promise<void>;
}

/** With the settings of `npm start`: a commit waits for the disk. */
export async function openMortalPostgres(): Promise<MortalPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-mortal-'));
  const server = await startEmbedded({ dataDir });
  await migrate(server.url);
  const pidFile = join(server.dataDir, 'postgres/postmaster.pid');
  return {
    url: server.url,
    crash: async () => {
      const pid = await readyPid(pidFile);
      // The children first would tell the server of their end: it is stopped before it can hear of it.
      process.kill(pid, 'SIGSTOP');
      for (const one of [...(await childrenOf(pid)), pid]) {
        kill(one);
      }
      await readyPid(pidFile, pid);
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Of the server that says it is ready, as soon as there is one, other than the one that was killed. */
async function readyPid(pidFile: string, killed = 0): Promise<number> {
  for (;;) {
    const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
    const pid = Number(lines[0]);
    if (lines[7]?.trim() === 'ready' && pid > 1 && pid !== killed) {
      return pid;
    }
    await sleep(50);
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
