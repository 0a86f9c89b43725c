// Loaded before a program: whoever asks for its words meets a fault. That is the first thing that a program does.

Object.defineProperty(process, "argv", {
  get() {
    throw new Error("planted");
  },
});
