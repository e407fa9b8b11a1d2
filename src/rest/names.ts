/** The only names that differ from GraphQL's by more than their spelling: v1 called a tenant's free-form document its `config`. */
const exceptions: Readonly<Record<string, string>> = { document: 'config' };

const known = new Map<string, string>();

/** The name REST uses for a field or variable of the schema: `parentId` is `parent_id`. */
export function restName(name: string): string {
  const seen = known.get(name);
  if (seen !== undefined) {
    return seen;
  }
  const spelled = exceptions[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  known.set(name, spelled);
  return spelled;
}
