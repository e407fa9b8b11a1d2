/** What a statement does first and foremost, by its first word; `OTHER` for what is none of these. */
export type StatementOperation = (typeof operations)[number];

/** Whether it asks, changes, or is about the connection or the transaction. */
export type StatementKind = 'read' | 'write' | 'other';

const operations = [
  ...(['SELECT', 'VALUES', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY'] as const),
  ...(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'SET', 'LISTEN', 'UNLISTEN', 'NOTIFY', 'OTHER'] as const),
] as const;

const known: ReadonlySet<string> = new Set(operations);

const kinds: Partial<Record<StatementOperation, StatementKind>> = {
  SELECT: 'read',
  VALUES: 'read',
  INSERT: 'write',
  UPDATE: 'write',
  DELETE: 'write',
  MERGE: 'write',
  COPY: 'write',
};

/** A change within a `WITH`. A word alone could be a column's name, or stand in `FOR UPDATE`. */
const change =
  /\b(?:(insert|merge)\s+into|(delete)\s+from|(?<!\bfor\s+|\bno\s+key\s+)(update)\s+(?:only\s+)?["\w.]+\s[^;]*?\bset)\b/i;

/** What a statement does, told from its text. A `WITH` does what the change within it does, or else it asks. */
export function operationOf(text: string): StatementOperation {
  const word = (/^(?:\s|\(|--[^\n]*\n|\/\*[\s\S]*?\*\/)*([a-z]+)/i.exec(text)?.[1] ?? '').toUpperCase();
  if (word === 'WITH') {
    const [, inserted, deleted, updated] = change.exec(text) ?? [];
    return ((inserted ?? deleted ?? updated)?.toUpperCase() ?? 'SELECT') as StatementOperation; // the words of the pattern
  }
  return known.has(word) ? (word as StatementOperation) : 'OTHER'; // it was looked up
}

export function kindOf(operation: StatementOperation): StatementKind {
  return kinds[operation] ?? 'other';
}
