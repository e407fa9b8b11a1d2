import { PassThrough } from 'node:stream';

/** Streams to hand to a command, and what it has written to them. */
export interface CapturedStreams {
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  out(): string;
  err(): string;
}

export function captureStreams(): CapturedStreams {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  return { stdout, stderr, out: collect(stdout), err: collect(stderr) };
}

function collect(stream: PassThrough): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
