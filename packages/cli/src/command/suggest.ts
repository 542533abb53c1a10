/** How many letters must be added, removed or exchanged to make one word from the other. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const previous = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchange = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(exchange, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
};

/** The known word that was most likely meant, or undefined when none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const limit = word.length <= 3 ? 1 : Math.ceil(word.length / 3);
  const ranked = known
    .map((candidate) => ({
      candidate,
      far: word.length > 2 && candidate.startsWith(word) ? 1 : distance(word, candidate),
    }))
    .toSorted((a, b) => a.far - b.far);
  const [best] = ranked;
  return best && best.far <= limit ? best.candidate : undefined;
};
