const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborts at the first signal that ends a process, instead of ending it; the second one does what it always does. */
export function stopOnSignal(): Disposable & { readonly signal: AbortSignal } {
  const stopping = new AbortController();
  const stop = () => {
    forget();
    stopping.abort();
  };
  const forget = () => {
    for (const name of signals) {
      process.removeListener(name, stop);
    }
  };
  for (const name of signals) {
    process.on(name, stop);
  }
  return { signal: stopping.signal, [Symbol.dispose]: forget };
}
