import { OperationError } from "@skein/base";
import { quoteCharacter } from "./quote.ts";

/** Where the parser is, and how an early end of the text is called. */
export interface Cursor {
  readonly text: string;
  readonly endOfText: string;
  index: number;
}

/** Refuses the character under the cursor, in the words of Go's encoding/json. */
export function refuse(cursor: Cursor, context: string): never {
  if (cursor.index >= cursor.text.length)
    throw new OperationError("invalid-parameter", cursor.endOfText);
  const character = quoteCharacter(cursor.text, cursor.index);
  throw new OperationError("invalid-parameter", `invalid character ${character} ${context}`);
}
