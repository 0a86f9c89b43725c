// A method of the product replaced for a while: how a deliberate defect is switched on.

type Method = (...args: never[]) => unknown;

/** Replaces a method. `make` gets the right one. Returns what puts it back. */
export const replace = <K extends string, M extends Method, T extends Record<K, M>>(
  type: { readonly prototype: T },
  name: K,
  make: (right: T[K]) => (this: T, ...args: Parameters<T[K]>) => ReturnType<T[K]>,
): (() => void) => {
  const { prototype } = type;
  const right = prototype[name];
  const put = (method: unknown): void => {
    Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
  };
  put(make(right));
  return () => put(right);
};
