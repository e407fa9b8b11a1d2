import { playCanary } from './canary.ts';
import { loginProblems } from './login-problems.ts';
import { schemaName } from './names.ts';
import type { Query } from './setting.ts';
import { type TableFindings, tableProblems } from './table-problems.ts';

/** What was found out about a login and the tables it serves tenants from: they are kept apart when there are no problems. */
export type IsolationReport = Omit<TableFindings, 'isolated'> & { readonly isolated: readonly string[] };

/** A program must not start: through its login, tenants could get at rows of others. `problems` has a sentence for each way. */
export class UnsafeIsolationError extends Error {
  override readonly name = 'UnsafeIsolationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`tenants are not kept apart:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Proves that sessions of a login keep tenants apart: by what the catalogue says, and by trying. Nothing stays.
 * @param query Runs on one connection, as the login that serves tenants.
 * @param key What settings are signed with; null when the database was never prepared.
 */
export async function checkIsolation(query: Query, key: Uint8Array | null): Promise<IsolationReport> {
  if (key === null) {
    const problem = `the database has no ${schemaName}: isolate a table with "stratum isolate add <table>"`;
    return { isolated: [], problems: [problem], warnings: [] };
  }
  const login = await loginProblems(query);
  const { isolated, problems, warnings } = await tableProblems(query);
  const found = [...login, ...problems];
  const canary = found.length > 0 ? [] : await rolledBack(query, () => playCanary(query, key, isolated));
  return { isolated: isolated.map(({ name }) => name), problems: [...found, ...canary], warnings };
}

async function rolledBack<Result>(query: Query, work: () => Promise<Result>): Promise<Result> {
  await query('begin');
  try {
    return await work();
  } finally {
    await query('rollback');
  }
}
