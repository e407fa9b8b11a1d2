import { InvalidArgumentError } from 'commander';
import type { Scope } from '../../client/index.ts';
import { toList } from '../arguments.ts';

const scopes: readonly string[] = ['read', 'write', 'admin'];

export function toScopes(text: string): Scope[] {
  const list = toList(text);
  if (list.length === 0 || !list.every((one) => scopes.includes(one))) {
    throw new InvalidArgumentError('Scopes are read, write and admin, separated by commas.');
  }
  return list as Scope[]; // just checked
}
