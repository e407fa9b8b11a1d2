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
 * What is missing for a table to be isolated, in order. A program that doesn't know of tenants yet can write as long as possible: what takes long is done before rows
 * of nobody are refused, and what was written meanwhile is given to a tenant once more.
 * @throws When the table can't be isolated as it is.
 */
export function missingSteps(table: TableState, { scope, assign }: Wanted): Step[] {
  assertPossible(table);
  const { columnType, hasDefault, isNotNull, isChecked, isIndexed } = table;
  const settle = assign === undefined ? lookForOwnerless(table) : assignOwnerless(table, assign);
  return [
    ...(columnType === null ? [addColumn(table)] : []),
    ...(isNotNull ? [] : [settle]),
    ...(isIndexed ? [] : [buildIndex(table)]),
    ...(isNotNull ? [] : [...(isChecked ? [] : [refuseOwnerless(table)]), settle, validate(table), setNotNull(table)]),
    ...(table.scope === scope && hasDefault ? [] : [protectRows(table, scope)]),
  ];
}

function addColumn({ name }: TableState): Step {
  return shortly(`add the column ${columnName}`, `alter table ${name} add column if not exists ${columnName} uuid`);
}

function assignOwnerless({ name }: TableState, assign: string): Step {
  return {
    what: `give the rows that are nobody's to ${assign}`,
    statements: [`update ${name} set ${columnName} = '${assign}' where ${columnName} is null`],
    how: 'in blocks',
  };
}

function lookForOwnerless({ name }: TableState): Step {
  return {
    what: "see that no row is nobody's",
    statements: [`select from ${name} where ${columnName} is null limit 1`],
    how: 'must find none',
  };
}

function buildIndex({ name, brokenIndexes }: TableState): Step {
  return {
    what: 'build an index, without keeping anybody from the table',
    statements: [
      ...brokenIndexes.map((broken) => `drop index concurrently if exists ${broken}`),
      `create index concurrently on ${name} (${columnName})`,
    ],
    how: 'alone',
  };
}

function refuseOwnerless({ name }: TableState): Step {
  const check = `check (${columnName} is not null) not valid`;
  return shortly('refuse new rows of nobody', `alter table ${name} add constraint ${checkName} ${check}`);
}

function validate({ name }: TableState): Step {
  return {
    what: 'have the database see it too',
    statements: [`alter table ${name} validate constraint ${checkName}`],
    how: 'quietly',
  };
}

function setNotNull({ name }: TableState): Step {
  return shortly(
    'make it a property of the column',
    `alter table ${name} alter column ${columnName} set not null`,
    `alter table ${name} drop constraint ${checkName}`,
  );
}

function protectRows({ name, sequences }: TableState, scope: IsolationScope): Step {
  return shortly(
    `let new rows be of the tenant that adds them, and put all under row-level security, scope ${scope}`,
    `alter table ${name} alter column ${columnName} set default ${schemaName}.current_tenant()`,
    ...protect(name, scope),
    ...sequences.map((sequence) => `grant usage on sequence ${sequence} to ${tenantRole}, ${operatorRole}`),
  );
}

function shortly(what: string, ...statements: string[]): Step {
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
