// Keeps a map from growing: knows the order in which its entries came, and nothing of what they are.

/** Keeps a map at `max` entries; the ones that came first go first. */
export function bound<Key>(map: Map<Key, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
