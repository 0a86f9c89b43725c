// Keeps a map or a set from growing: knows the order in which its entries came, and nothing of what they are.

/** Keeps it at `max` entries; the ones that came first go first. */
export function bound<Key>(all: Map<Key, unknown> | Set<Key>, max: number): void {
  for (const key of all.keys()) {
    if (all.size <= max) return;
    all.delete(key);
  }
}
