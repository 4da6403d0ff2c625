// A second verifier of feeds, in another language, with nothing but Node's standard library: node verify.mjs FOLDER
//
// FOLDER holds cards/*.json and feed/<origin>/{checkpoint,tile/…}, as docs/spec/{card,checkpoint,receipt,tiles,envelope,feed}.md lay them
// out. Every hash, root and signature is recomputed. Written from those pages alone. Prints what it counted as JSON; exit 0 when all holds,
// 1 with one line on standard error when something does not.
import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ENTRY = "application/vnd.tafadi.entry+json";
const CARD = "application/vnd.tafadi.card+json";
const ED25519 = Buffer.from("302a300506032b6570032100", "hex"); // SubjectPublicKeyInfo before the 32 bytes (RFC 8410)
const PRIME = 2n ** 255n - 19n;
const ORDER_8 = BigInt("0x" + Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex").reverse().toString("hex"));
const SMALL_ORDER = new Set([0n, 1n, PRIME - 1n, ORDER_8, PRIME - ORDER_8]);

class Fault extends Error {}
function check(holds, sentence) {
  if (!holds) throw new Fault(sentence);
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafHash = (leaf) => sha256(Buffer.from([0]), leaf);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

function base64(text, what) {
  const data = Buffer.from(text, "base64");
  check(typeof text === "string" && data.toString("base64") === text, `${what} is not standard base64`);
  return data;
}

// Ed25519 by the one strict rule of envelope.md: besides what OpenSSL judges, no point of small order counts.
function isSigned(key, signature, message) {
  const y = (bytes) => (BigInt("0x" + Buffer.from(bytes).reverse().toString("hex")) & ((1n << 255n) - 1n));
  if (key.length !== 32 || signature.length !== 64 || y(key) >= PRIME) return false;
  if (SMALL_ORDER.has(y(key)) || SMALL_ORDER.has(y(signature.subarray(0, 32)) % PRIME)) return false;
  const spki = createPublicKey({ key: Buffer.concat([ED25519, key]), format: "der", type: "spki" });
  return verifySignature(null, message, spki, signature);
}

// RFC 8785, for text and whole numbers: JavaScript's own order of strings is the one that it asks for.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  check(typeof value !== "number" || Number.isSafeInteger(value), "a number is not whole");
  return JSON.stringify(value);
}

function envelope(bytes, type, what) {
  const text = bytes.toString("utf8");
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault(`${what} is not JSON`);
  }
  const { payload, payloadType, signatures } = value;
  check(payloadType === type && Array.isArray(signatures) && signatures.length >= 1 && signatures.length <= 2, `${what} is no envelope`);
  const listed = signatures.map(({ keyid, sig }) => `{"keyid":"${keyid}","sig":"${sig}"}`).join(",");
  check(text === `{"payload":"${payload}","payloadType":"${type}","signatures":[${listed}]}`, `${what} is not in its one layout`);
  const said = base64(payload, what);
  const object = JSON.parse(said.toString("utf8"));
  check(canonical(object) === said.toString("utf8"), `${what}: the payload is not in its canonical form`);
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${said.length} `), said]);
  return { said: object, pae, signatures };
}

function isSignedBy({ pae, signatures }, which, key) {
  const { keyid, sig } = signatures[which];
  return keyid === sha256(key).toString("hex").slice(0, 16) && isSigned(key, base64(sig, "a signature"), pae);
}

function card(bytes, name) {
  const opened = envelope(bytes, CARD, name);
  const root = base64(opened.said.root, name);
  check(opened.signatures.length === 1 && isSignedBy(opened, 0, root), `${name} is not signed by its root key`);
  return { ...opened.said, rootKey: root };
}

function note(bytes, what) {
  const text = bytes.toString("utf8");
  const at = text.lastIndexOf("\n\n");
  check(at > 0 && text.endsWith("\n"), `${what} is no signed note`);
  const lines = text.slice(at + 2, -1).split("\n").map((line) => {
    const [dash, name, data, ...more] = line.split(" ");
    check(dash === "—" && data !== undefined && more.length === 0, `${what}: a signature line is none`);
    return { name, data: base64(data, what) };
  });
  const [origin, size, root, ...more] = text.slice(0, at).split("\n");
  check(more.length === 0 && /^(0|[1-9][0-9]*)$/.test(size), `${what} is no checkpoint`);
  return { text: text.slice(0, at + 1), origin, size: Number(size), root: base64(root, what), lines };
}

const keyId = (name, kind, key) => sha256(Buffer.from(`${name}\n`), Buffer.from([kind]), key).subarray(0, 4);

function line(opened, name, kind, key) {
  const found = opened.lines.find((one) => one.name === name && one.data.subarray(0, 4).equals(keyId(name, kind, key)));
  return found && found.data.subarray(4);
}

// Tiles: the files of a tree of `size` leaves, level by level.
function tilePath(kind, index, width) {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.{3}/g);
  const path = digits.map((group, at) => (at < digits.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${kind}/${path}${width === 256 ? "" : `.p/${width}`}`;
}

function tiles(folder, kind, count, read) {
  const found = [];
  for (let at = 0; at < count; at += 256) {
    const width = Math.min(256, count - at);
    const path = tilePath(kind, at / 256, width);
    check(existsSync(join(folder, path)), `${path} is missing`);
    found.push(...read(readFileSync(join(folder, path)), width, path));
  }
  return found;
}

function hashesIn(bytes, width, path) {
  check(bytes.length === 32 * width, `${path} has not ${width} hashes`);
  return Array.from({ length: width }, (_, at) => bytes.subarray(32 * at, 32 * at + 32));
}

function entriesIn(bytes, width, path) {
  const entries = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    check(end <= bytes.length, `${path} is cut short`);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  check(entries.length === width, `${path} has not ${width} entries`);
  return entries;
}

function rootOf(hashes) {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  const half = 2 ** (Math.ceil(Math.log2(hashes.length)) - 1);
  return nodeHash(rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)));
}

function feed(folder, origin, cards) {
  const [, agreement, party, epoch] = origin.split("/");
  const owner = cards.get(`${party}/${epoch}`);
  check(owner, `${origin}: there is no card of its party and epoch`);
  const checkpoint = note(readFileSync(join(folder, "checkpoint")), `${origin}: the checkpoint`);
  const log = base64(owner.log, "the log key");
  const signature = line(checkpoint, origin, 1, log);
  check(checkpoint.origin === origin && signature && isSigned(log, signature, Buffer.from(checkpoint.text)), `${origin}: the checkpoint is not signed by its log key`);
  const entries = tiles(folder, "entries", checkpoint.size, entriesIn);
  let hashes = tiles(folder, "0", checkpoint.size, hashesIn);
  entries.forEach((entry, index) => check(leafHash(entry).equals(hashes[index]), `${origin}: entry ${index} has not the hash of its tile`));
  check(rootOf(hashes).equals(checkpoint.root), `${origin}: the hashes do not give the root`);
  for (let level = 1; hashes.length >= 256; level += 1) {
    const above = Array.from({ length: Math.floor(hashes.length / 256) }, (_, at) => rootOf(hashes.slice(256 * at, 256 * at + 256)));
    const held = tiles(folder, String(level), above.length, hashesIn);
    above.forEach((hash, at) => check(hash.equals(held[at]), `${origin}: hash ${at} of level ${level} does not follow from those below it`));
    hashes = above;
  }
  const envelopeKey = base64(owner.envelope, "the envelope key");
  let operators = 0;
  entries.forEach((entry, index) => {
    const opened = envelope(entry, ENTRY, `${origin}: entry ${index}`);
    check(opened.said.origin === origin && opened.said.index === index, `${origin}: entry ${index} says that it stands elsewhere`);
    check(isSignedBy(opened, 0, envelopeKey), `${origin}: entry ${index} is not signed by its party's node`);
    if (opened.signatures.length === 2) {
      const officer = owner.operators.find((one) => one.role === opened.said.operator.role);
      check(officer && isSignedBy(opened, 1, base64(officer.key, "an operator's key")), `${origin}: entry ${index} is not signed by its officer`);
      operators += 1;
    }
  });
  let receipts = 0;
  for (const { name, data } of checkpoint.lines) {
    const found = name.match(/^tafadi\.v1\/([^/]+)\/([^/]+)\/([0-9]+)\/mirror$/);
    if (!found) continue;
    const mirror = cards.get(`${found[2]}/${found[3]}`);
    check(found[1] === agreement && mirror, `${origin}: a receipt by nobody that is known`);
    const key = base64(mirror.mirror, "a mirror's key");
    const seconds = data.subarray(4, 12).readBigUInt64BE();
    const signed = Buffer.from(`cosignature/v1\ntime ${seconds}\n${checkpoint.text}`);
    check(data.length === 76 && data.subarray(0, 4).equals(keyId(name, 4, key)) && isSigned(key, data.subarray(12), signed), `${origin}: the receipt of ${found[2]} is false`);
    receipts += 1;
  }
  return { origin, entries: entries.length, operators, receipts };
}

function main(folder) {
  const cards = new Map();
  for (const name of readdirSync(join(folder, "cards")).sort()) {
    const opened = card(readFileSync(join(folder, "cards", name)), name);
    cards.set(`${opened.party}/${opened.epoch}`, opened);
  }
  const feeds = [];
  const prefix = join(folder, "feed", "tafadi.v1");
  for (const agreement of readdirSync(prefix).sort())
    for (const party of readdirSync(join(prefix, agreement)).sort())
      for (const epoch of readdirSync(join(prefix, agreement, party)).sort())
        feeds.push(feed(join(prefix, agreement, party, epoch), `tafadi.v1/${agreement}/${party}/${epoch}`, cards));
  return feeds;
}

try {
  check(process.argv.length === 3, "usage: node verify.mjs FOLDER");
  process.stdout.write(`${JSON.stringify(main(process.argv[2]))}\n`);
} catch (fault) {
  if (!(fault instanceof Fault) && fault.code === undefined && !(fault instanceof TypeError)) throw fault;
  process.stderr.write(`${fault.message}\n`);
  process.exitCode = 1;
}
