// The terminal as a device: whether a descriptor is one, its size, and its mode.
//
// `node:tty` and `process.stdin` take 9 ms to load, twice as long as the rest of a client's start. What they call
// underneath is there at once, but is no promise of Bun: where it is missing, they are used after all.

/** Cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Device {
  /** Raw: every key comes as it is typed, and nothing is echoed or obeyed. Bun restores the mode when it exits. */
  setRaw(raw: boolean): void;
  /** The size right now; undefined if the terminal does not say, or is gone. */
  size(): Size | undefined;
}

interface Handle {
  setRawMode(mode: number): number;
  getWindowSize(size: [columns: number, rows: number]): boolean;
}

/** What Node calls `process.binding("tty_wrap")`. */
export interface Binding {
  isTTY(descriptor: number): boolean;
  readonly TTY: new (descriptor: number, context: object) => Handle;
}

const MODE_NORMAL = 0;
const MODE_RAW = 1;

const findBinding = (): Binding | undefined => {
  try {
    const { binding } = process as unknown as { binding(name: string): Binding };
    const found = binding.call(process, "tty_wrap");
    return typeof found.isTTY === "function" && typeof found.TTY === "function" ? found : undefined;
  } catch {
    return undefined;
  }
};

/** True if the descriptor is a terminal. */
export const isTerminal = (descriptor: number, binding = findBinding()): boolean =>
  binding?.isTTY(descriptor) ?? process.getBuiltinModule("node:tty").isatty(descriptor);

const slowDevice = (input: number, output: number): Device => {
  const tty = process.getBuiltinModule("node:tty");
  const stream = new tty.ReadStream(input);
  stream.on("error", () => {}); // a terminal that is gone has no mode
  return {
    setRaw(raw) {
      stream.setRawMode(raw);
    },
    size() {
      if (!tty.isatty(output)) return undefined;
      const { columns, rows } = new tty.WriteStream(output); // it looks once, when it is made
      return columns > 0 && rows > 0 ? { columns, rows } : undefined;
    },
  };
};

/** The terminal that the user types at (descriptor `input`) and sees (`output`). Both must be terminals. */
export const openDevice = (input: number, output: number, binding = findBinding()): Device => {
  if (binding === undefined) return slowDevice(input, output);
  try {
    const keyboard = new binding.TTY(input, {});
    const screen = new binding.TTY(output, {});
    const size: [number, number] = [0, 0];
    screen.getWindowSize(size);
    return {
      setRaw(raw) {
        keyboard.setRawMode(raw ? MODE_RAW : MODE_NORMAL);
      },
      size() {
        const known = screen.getWindowSize(size);
        const [columns, rows] = size;
        return known && columns > 0 && rows > 0 ? { columns, rows } : undefined;
      },
    };
  } catch {
    return slowDevice(input, output);
  }
};
