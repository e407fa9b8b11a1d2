import type { TailedEventFragment } from '../../client/index.ts';
import { harmless, jsonText } from '../harmless.ts';
import { clip } from '../table.ts';
import type { Style, Terminal } from '../terminal.ts';

/** What a person looks for in a change, in this order; the rest names the thing, or changes with everything. */
const telling = [
  'name',
  'slug',
  'status',
  'parent_id',
  'value',
  'locked',
  'sensitive',
  'mode',
  'revocation_mode',
  'url',
  'events',
  'active',
  'scopes',
  'role_id',
  'document',
  'metadata',
];

const longestChange = 100;

/** An event on a line: when, at which revision, what, to which thing, how, and by whom. */
export function lineOf({ paint }: Terminal, event: TailedEventFragment): string {
  const { created_at, revision, action, tenant, tenant_id, resource_type, resource_id } = event;
  return [
    paint('dim', created_at.slice(0, 19).replace('T', ' ')),
    paint('dim', `#${revision}`.padStart(5)),
    paint(styleOf(action), action.padEnd(18)),
    paint('bold', tenant?.slug ?? tenant_id ?? 'installation'),
    // A tenant has been named already; ids of other things tell a person nothing.
    resource_type === 'config' ? harmless(resource_id ?? '') : keyOf(event),
    clip(changesOf(event.before_state, event.after_state), longestChange),
    paint('dim', harmless(`by ${event.actor_type} ${event.actor_id}`)),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function keyOf({ before_state, after_state }: TailedEventFragment): string {
  const { key } = { ...fieldsOf(before_state), ...fieldsOf(after_state) };
  return typeof key === 'string' ? harmless(key) : '';
}

function styleOf(action: string): Style {
  if (/\.(created|resumed|enabled)$/.test(action)) {
    return 'green';
  }
  return /\.(deleted|purged|archived|suspended|revoked|disabled)$/.test(action) ? 'red' : 'cyan';
}

/** `value: "light" → "dark"` for each telling field that is another one now. */
function changesOf(before: unknown, after: unknown): string {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  return telling
    .filter((name) => weightOf(name, was[name]) !== weightOf(name, is[name]))
    .map((name) => `${name}: ${changeOf(was[name], is[name])}`)
    .join(', ');
}

/** What to compare of a field. That it isn't locked, or has no metadata, is as good as not being there; a value that is false is one. */
function weightOf(name: string, field: unknown): string {
  const text = jsonText(field ?? null);
  return name !== 'value' && (text === 'false' || text === '{}') ? 'null' : text;
}

function changeOf(was: unknown, is: unknown): string {
  if (was === undefined) {
    return jsonText(is);
  }
  return `${jsonText(was)} → ${is === undefined ? 'gone' : jsonText(is)}`;
}

function fieldsOf(state: unknown): Readonly<Record<string, unknown>> {
  return typeof state === 'object' && state !== null ? { ...state } : {};
}
