// Text from others: made printable, and checked as a name.

import { NAME_MAX_CHARACTERS } from "../../../lib/chat/limits.ts";
import { checkName, foldName } from "../../../lib/chat/names.ts";
import { printable } from "../../../lib/chat/printable.ts";
import type { Prng } from "../../support/prng.ts";
import { anyText, damagedText } from "../draw/text.ts";
import { mustBePrintable } from "../rules.ts";
import { must } from "../target.ts";
import { textTarget } from "./plain.ts";

/** `show`: what makes text printable, under test. */
export const texts = (show = printable) =>
  textTarget({
    name: "texts",
    about: "printable, checkName, foldName",
    draw: (random: Prng, kept) =>
      random.chance(0.5) ? anyText(random, 20) : damagedText(random, random.pick(kept) ?? "", kept),
    take(text) {
      const shown = show(text);
      mustBePrintable(shown, "printable");
      const again = show(shown);
      must(again === shown, "what is printable stays as it is", () => JSON.stringify(again));

      const folded = foldName(text);
      must(foldName(folded) === folded, "a folded name is folded", () => JSON.stringify(folded));
      const name = checkName(text);
      if (!name.ok) return must(name.reason !== "", "a refusal has a reason", () => "none");
      const { value } = name;
      const length = [...value].length;
      must(
        length >= 1 && length <= NAME_MAX_CHARACTERS,
        "a name has its length",
        () => `${length}`,
      );
      must(show(value) === value, "a name can be shown as it is", () => JSON.stringify(value));
      must(!/[ \t]/.test(value), "a name is one word", () => JSON.stringify(value));
      const checked = checkName(value);
      must(checked.ok && checked.value === value, "a name is a name", () =>
        JSON.stringify(checked),
      );
      must(foldName(value) === folded, "a name is the same as typed", () => JSON.stringify(value));
    },
  });
