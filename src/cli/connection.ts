import { developmentKey, settings } from '../config.ts';
import { type ConnectionFile, readConnectionFile } from './connection-file.ts';
import { type Environment, UsageError } from './context.ts';

/** Where a server answers, and with what key to ask it. */
export interface Connection {
  readonly url: string;
  readonly apiKey: string;
}

export interface ConnectionFlags {
  readonly url?: string;
  readonly apiKey?: string;
}

/** Where `npm start` listens. */
export const localUrl = `http://127.0.0.1:${settings.port.fallback}`;

/**
 * The server to ask: options before the environment before a file. A key goes nowhere but where its owner sends it: that of a file to
 * the URL of this file, and no other key to the URL of a file that merely lies in the folder.
 */
export async function findConnection(env: Environment, flags: ConnectionFlags): Promise<Connection> {
  const file = await readConnectionFile(env);
  const given = flags.url ?? (env['STRATUM_URL'] || undefined);
  const url = serverUrl(given ?? file?.url ?? localUrl);
  const apiKey = flags.apiKey ?? ofEnvironment(env, url, given === undefined ? file : null) ?? ofFile(file, given);
  if (apiKey === undefined && !isLocal(url)) {
    throw new UsageError(`${url} wants a key: give it by STRATUM_API_KEY, --api-key or a file`);
  }
  return { url, apiKey: apiKey ?? developmentKey };
}

/** The address alone, for what needs no key. @param usual Where to ask when nothing says so. */
export async function findUrl(env: Environment, flags: ConnectionFlags, usual = localUrl): Promise<string> {
  const given = flags.url ?? (env['STRATUM_URL'] || undefined);
  return serverUrl(given ?? (await readConnectionFile(env))?.url ?? usual);
}

/** Whether anything says which server to ask. */
export async function isServerNamed(env: Environment, flags: ConnectionFlags): Promise<boolean> {
  const told = [flags.url, flags.apiKey, env['STRATUM_URL'], env['STRATUM_API_KEY']];
  return told.some(Boolean) || (await readConnectionFile(env)) !== null;
}

function ofEnvironment(env: Environment, url: string, chooser: ConnectionFile | null): string | undefined {
  const key = env['STRATUM_API_KEY'] || undefined;
  if (key !== undefined && chooser?.url !== undefined && chooser.isOfFolder && !isLocal(url)) {
    throw new UsageError(`${chooser.path} names ${url}: say --url ${url} if your STRATUM_API_KEY is meant for it`);
  }
  return key;
}

function ofFile(file: ConnectionFile | null, given: string | undefined): string | undefined {
  return given === undefined || given === file?.url || file?.url === undefined ? file?.apiKey : undefined;
}

function serverUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new UsageError(`"${text}" is not an address such as ${localUrl}`);
  }
  return text;
}

function isLocal(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
