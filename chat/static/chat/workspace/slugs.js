// @ts-check
// Makes the address of a room from its name. Must not know whether the address is free.

const MOST = 50;

/**
 * Returns the slug that fits a name best: "Café & Bar" gives "cafe-bar". Returns "" if no letter or digit of the name fits.
 * @param {string} name
 */
export function slugOf(name) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+/, "").slice(0, MOST).replace(/-+$/, "");
}
