import type { Random } from "@skein/base";

const qualities = [
  "airy",
  "bold",
  "brisk",
  "calm",
  "clear",
  "deft",
  "eager",
  "fleet",
  "gentle",
  "hardy",
  "keen",
  "light",
  "merry",
  "nimble",
  "patient",
  "quiet",
  "rapid",
  "steady",
  "swift",
  "trusty",
  "vivid",
  "wary",
  "wise",
  "zesty",
];
const birds = [
  "avocet",
  "bittern",
  "brant",
  "coot",
  "crane",
  "curlew",
  "dunlin",
  "eider",
  "gadwall",
  "goose",
  "grebe",
  "heron",
  "knot",
  "lapwing",
  "loon",
  "merganser",
  "pintail",
  "plover",
  "scoter",
  "smew",
  "stork",
  "swan",
  "teal",
  "wigeon",
];

/** A name for a service that was given none: `quality_bird`, with a number to keep it rare. */
export const randomName = (random: Random): string => {
  const quality = qualities[random.integer(qualities.length)] ?? "swift";
  const bird = birds[random.integer(birds.length)] ?? "goose";
  return `${quality}_${bird}${random.integer(1000)}`;
};
