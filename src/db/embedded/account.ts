import { chown, readFile, stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';

/** The account PostgreSQL runs as when it isn't the one that runs us. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** How to start a program of PostgreSQL: under the account, and with nothing inherited that changes what it does or shows. */
export function asAccount(account: Account | null): {
  cwd: string;
  env: Record<string, string>;
  uid?: number;
  gid?: number;
} {
  const env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };
  return { cwd: parse(process.execPath).root, env, ...(account && { uid: account.uid, gid: account.gid }) };
}

/** Gives what root made to the account that is to use it. */
export async function giveTo(account: Account | null, path: string): Promise<void> {
  if (account !== null) {
    await chown(path, account.uid, account.gid);
  }
}

const candidates = ['postgres', '_postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root. Root therefore lends it the account that owns the cluster already, or an unprivileged one
 * that exists on every system; accounts are never created. Null for ordinary users, who run it themselves.
 */
export async function serverAccount(cluster: string | null): Promise<Account | null> {
  if (process.getuid?.() !== 0) {
    return null;
  }
  const owner = cluster === null ? null : await ownerOf(cluster);
  return owner ?? (await unprivilegedAccount());
}

/** Whether the account may enter every folder above `path`. Access lists are not considered: the mode is what installers set. */
export async function isReachable(path: string, account: Account | null): Promise<boolean> {
  if (account === null) {
    return true;
  }
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!(await mayEnter(folder, account))) {
      return false;
    }
    if (folder === dirname(folder)) {
      return true;
    }
  }
}

async function mayEnter(folder: string, { uid, gid }: Account): Promise<boolean> {
  const entry = await stat(folder);
  const bit = entry.uid === uid ? 0o100 : entry.gid === gid ? 0o010 : 0o001;
  return (entry.mode & bit) !== 0;
}

async function ownerOf(cluster: string): Promise<Account | null> {
  try {
    const { uid, gid } = await stat(cluster);
    return uid === 0 ? null : { name: `the owner of ${cluster}`, uid, gid };
  } catch {
    return null;
  }
}

async function unprivilegedAccount(): Promise<Account> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  for (const name of candidates) {
    const [, , uid, gid] = lines.find(([first]) => first === name) ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) {
      return { name, uid: Number(uid), gid: Number(gid) };
    }
  }
  const advice = 'start Stratum as an ordinary user, or set DATABASE_URL';
  throw new Error(
    `PostgreSQL can't run as root, and there is none of the accounts ${candidates.join(', ')} to lend it; ${advice}`,
  );
}
