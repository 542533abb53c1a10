/** Of this release of Skein; the same in every package. */
export const VERSION = "0.1.0";
