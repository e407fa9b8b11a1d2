import { chmod, mkdtempDisposable } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { access } from './access.ts';
import type { Budget, Result } from './budget.ts';
import { coldStart } from './cold-start.ts';
import { configReads } from './config-reads.ts';
import { environment } from './environment.ts';
import { imports } from './import.ts';
import { live } from './live.ts';
import { move } from './move.ts';
import { openPostgres } from './postgres.ts';
import { sdk } from './sdk.ts';
import { statements } from './statements.ts';
import { subtreePage } from './subtree-page.ts';
import { webhooks } from './webhooks.ts';

const budgets: Readonly<Record<string, Budget>> = {
  statements,
  'config-reads': configReads,
  access,
  'subtree-page': subtreePage,
  move,
  import: imports,
  live,
  webhooks,
  sdk,
  'cold-start': coldStart,
};

const usage = `npm run bench -- [budget …] [--large] [--strict]

  budget     ${Object.keys(budgets).join(', ')}; all unless told
  --large    the largest tree has 1,000,000 tenants instead of 100,000, and as many as 10,000 follow one
  --strict   ends with 1 when a limit is missed
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { large: { type: 'boolean', default: false }, strict: { type: 'boolean', default: false } },
});
const names = positionals.length === 0 ? Object.keys(budgets) : positionals;
if (names.some((name) => !(name in budgets))) {
  process.stderr.write(usage);
  process.exit(1);
}
await using folder = await mkdtempDisposable(join(tmpdir(), 'stratum-bench-'));
await chmod(folder.path, 0o777); // PostgreSQL may run as somebody else
await using postgres = await openPostgres();
const results = await Promise.race([measureAll(), interruption()]);
process.exitCode = options.strict && results.some(({ ok }) => ok === false) ? 1 : 0;

async function measureAll(): Promise<Result[]> {
  const lines = await environment(postgres.url);
  say(lines.join('\n'));
  const bench = { postgres, folder: folder.path, large: options.large, note: (line: string) => say(`  ${line}`) };
  const results: Result[] = [];
  for (const name of names) {
    say(`\n${name}, at load ${loadavg()[0]?.toFixed(1)}`);
    results.push(...((await budgets[name]?.(bench)) ?? []));
  }
  console.table(results.map(({ ok, ...result }) => ({ ...result, '': verdict(ok) })));
  return results;
}

function verdict(ok: Result['ok']): string {
  return { true: 'ok', false: 'MISSED', null: '' }[`${ok}`];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Fails when the run is told to end, so that what it has made is removed on the way out. */
function interruption(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => reject(new Error(`ended by ${signal}`)));
    }
  });
}
