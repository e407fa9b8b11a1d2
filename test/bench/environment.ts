import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import pg from 'pg';

/** What the numbers of a run depend on, a line each. */
export async function environment(serverUrl: string): Promise<string[]> {
  const [first, ...others] = cpus();
  return [
    `processor    ${first?.model ?? 'unknown'}, ${others.length + 1} cores`,
    `memory       ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Node         ${process.version}`,
    `PostgreSQL   ${await postgresVersion(serverUrl)}`,
    `commit       ${commit()}`,
  ];
}

async function postgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ server_version: string }>('show server_version')).rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}

function commit(): string {
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'prisma').length > 0;
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' and changes that are not committed' : ''}`;
  } catch {
    return 'unknown';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
