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
  const { created_at, revision, action, tenant, tenant_id, actor_type, actor_id } = event;
  const parts: readonly (readonly [text: string, style?: Style])[] = [
    [created_at.slice(0, 19).replace('T', ' '), 'dim'],
    [`#${revision}`.padStart(5), 'dim'],
    [action.padEnd(18), styleOf(action)],
    [tenant?.slug ?? tenant_id ?? 'installation', 'bold'],
    [nameOf(event)],
    [clip(changesOf(event.before_state, event.after_state), longestChange)],
    [`by ${actor_type} ${actor_id}`, 'dim'],
  ];
  return parts
    .filter(([text]) => text !== '')
    .map(([text, style]) => (style === undefined ? harmless(text) : paint(style, harmless(text))))
    .join('  ');
}

/** The key of what has one. A tenant has been named already, and the ids of other things tell a person nothing. */
function nameOf({ resource_type, resource_id, before_state, after_state }: TailedEventFragment): string {
  const { key } = { ...fieldsOf(before_state), ...fieldsOf(after_state) };
  return resource_type === 'config' ? (resource_id ?? '') : typeof key === 'string' ? key : '';
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
