/** The version of this release, the same in every package. */
export const VERSION = "0.1.0";
