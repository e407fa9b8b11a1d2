import { columnName, type IsolationScope, operatorRole, schemaName, tenantRole } from './names.ts';
import { protect } from './policies.ts';
import { checkName, type TableState } from './tables.ts';

/** A part of the work that can be repeated, and after which it can be stopped. */
export interface Step {
  readonly what: string;
  readonly statements: readonly string[];
  /**
   * - `shortly`: in one transaction that keeps others from the table, so it waits for its turn only a moment, and tries again;
   * - `quietly`: in one transaction that nobody notices;
   * - `alone`: outside of a transaction, one statement after the other;
   * - `in blocks`: a part of the table at a time;
   * - `must find none`: what it finds is in the way.
   */
  readonly how: 'shortly' | 'quietly' | 'alone' | 'in blocks' | 'must find none';
}

export interface Wanted {
  readonly scope: IsolationScope;
  /** Who gets the rows that are nobody's. */
  readonly assign?: string;
}

/**
 * What is missing for a table to be isolated, in order. Rows that are there are given to a tenant before new ones have to have one, and once more
 * afterwards, so that a program which doesn't know of tenants yet can write as long as possible.
 * @throws When the table can't be isolated as it is.
 */
export function missingSteps(table: TableState, { scope, assign }: Wanted): Step[] {
  assertPossible(table);
  const { name, columnType, hasDefault, isNotNull, isIndexed, brokenIndexes, sequences } = table;
  const column = step(
    `add the column ${columnName}`,
    `alter table ${name} add column if not exists ${columnName} uuid`,
  );
  const usual = step(
    'let new rows be of the tenant that adds them',
    `alter table ${name} alter column ${columnName} set default ${schemaName}.current_tenant()`,
  );
  const index: Step = {
    what: 'build an index, without keeping anybody from the table',
    statements: [
      ...brokenIndexes.map((broken) => `drop index concurrently if exists ${broken}`),
      `create index concurrently on ${name} (${columnName})`,
    ],
    how: 'alone',
  };
  const policies = step(
    `put it under row-level security, scope ${scope}`,
    ...protect(name, scope),
    ...sequences.map((sequence) => `grant usage on sequence ${sequence} to ${tenantRole}, ${operatorRole}`),
  );
  return [
    ...(columnType === null ? [column] : []),
    ...(hasDefault ? [] : [usual]),
    ...(isNotNull ? [] : requireTenant(table, assign)),
    ...(isIndexed ? [] : [index]),
    ...(table.scope === scope ? [] : [policies]),
  ];
}

function requireTenant({ name, isChecked }: TableState, assign: string | undefined): Step[] {
  const ofNobody = `${columnName} is null`;
  const fill: Step = {
    what: `give the rows that are nobody's to ${assign}`,
    statements: [`update ${name} set ${columnName} = '${assign}' where ${ofNobody}`],
    how: 'in blocks',
  };
  const look: Step = {
    what: "see that no row is nobody's",
    statements: [`select from ${name} where ${ofNobody} limit 1`],
    how: 'must find none',
  };
  const check = step(
    'refuse new rows of nobody',
    `alter table ${name} add constraint ${checkName} check (${columnName} is not null) not valid`,
  );
  const validate: Step = {
    what: 'have the database see it too',
    statements: [`alter table ${name} validate constraint ${checkName}`],
    how: 'quietly',
  };
  const settle = step(
    'make it a property of the column',
    `alter table ${name} alter column ${columnName} set not null`,
    `alter table ${name} drop constraint ${checkName}`,
  );
  const begin = assign === undefined ? look : fill;
  return [begin, ...(isChecked ? [] : [check]), begin, validate, settle];
}

function step(what: string, ...statements: string[]): Step {
  return { what, statements, how: 'shortly' };
}

function assertPossible({ name, kind, isInherited, columnType }: TableState): void {
  if (kind !== 'table') {
    throw new Error(`${name} is no ordinary table: only those can be isolated`);
  }
  if (isInherited) {
    throw new Error(`${name} has children or partitions, or is one: they are read past the policies of their parent`);
  }
  if (columnType !== null && columnType !== 'uuid') {
    throw new Error(
      `the column ${columnName} of ${name} is of the type ${columnType}: it has to be uuid, the id of a tenant`,
    );
  }
}
