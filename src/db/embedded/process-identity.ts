import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process that is more than its number: numbers are used again, by other programs and after a restart of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own words; empty where the system doesn't say. */
  readonly started: string;
}

/** Whether the very process is still there, not another one that got its number. */
export async function isAlive({ pid, started }: ProcessIdentity): Promise<boolean> {
  return exists(pid) && (await startOf(pid)) === started;
}

/** Who has this number now. */
export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, started: await startOf(pid) };
}

/** Whether some process has this number; one that may not be signalled exists too. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, arguments separated by NUL or spaces; empty when it is gone or hidden. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  }
  return ps(pid, 'command=');
}

async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') {
    return ps(pid, 'lstart=');
  }
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    // Field 22, counted from behind the name, which may itself hold spaces and parentheses.
    const [state, ticks] = pick(stat.slice(stat.lastIndexOf(')') + 2).split(' '));
    return state === 'Z' ? 'ended' : `${boot.trim()}:${ticks}`;
  } catch {
    return '';
  }
}

function pick(fields: readonly string[]): [state: string, ticks: string] {
  return [fields[0] ?? '', fields[19] ?? ''];
}

/** Systems without /proc; where there is no `ps` either, a process is known by its number alone. */
async function ps(pid: number, column: string): Promise<string> {
  try {
    const { stdout } = await run('ps', ['-o', column, '-p', String(pid)], {
      env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
    });
    return stdout.trim();
  } catch {
    return '';
  }
}
