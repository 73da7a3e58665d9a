// The JavaScript SDK for browsers: all flags at once, kept, and asked for again when an event says so. Here node stands in
// for the browser.
import { EventSource } from "./events.mjs";

globalThis.EventSource = EventSource;
const { OpenFeature, ProviderEvents } = await import("@openfeature/web-sdk");
const { OFREPWebProvider } = await import("@openfeature/ofrep-web-provider");
const { deepStrictEqual } = await import("node:assert");
const { readFile, rename, writeFile } = await import("node:fs/promises");

const user = { targetingKey: "user-1", email: "ann@example.com", age: 30 };
const other = { targetingKey: "user-1", email: "ann@example.org", age: 30 };
const LIMIT = 10_000;
const statuses = [];
let failed = 0;

async function check(name, actual, expected) {
  try {
    deepStrictEqual(await actual(), expected);
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${error.message}`);
  }
}

async function until(name, condition) {
  const end = Date.now() + LIMIT;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const key = process.env.OFREP_KEY;
const provider = new OFREPWebProvider({
  baseUrl: process.env.OFREP_URL,
  headers: key ? [["X-API-Key", key]] : [],
  cacheMode: "disabled",
  fetchImplementation: async (request, options) => {
    const response = await fetch(request, options);
    statuses.push(response.status);
    return response;
  },
});
await OpenFeature.setContext(user);
await OpenFeature.setProviderAndWait(provider);
const flags = OpenFeature.getClient();

await check("boolean", () => flags.getBooleanValue("new-header", false), true);
await check("string", () => flags.getStringValue("theme", "none"), 'dark "灰"');
await check("number", () => flags.getNumberValue("limit", 0), 42);
await check("fraction", () => flags.getNumberValue("ratio", 0), 0.25);
await check("object", () => flags.getObjectValue("banner", {}), { text: "Sun", size: 3, tags: ["a", "b"] });
await check("targeting hits", () => flags.getBooleanValue("beta", false), true);
await check("disabled is the default in the code", () => flags.getStringValue("retired", "code"), "code");
await check("a key of odd characters", () => flags.getBooleanValue("odd key/✓", false), true);
await check(
  "a missing flag is the default in the code",
  () => {
    const { value, errorCode } = flags.getBooleanDetails("missing", true);
    return [value, errorCode];
  },
  [true, "FLAG_NOT_FOUND"],
);
await check(
  "the event stream asks once more, and nothing has changed",
  async () => {
    await until("a 304", () => statuses.includes(304));
    return statuses;
  },
  [200, 304],
);
await check(
  "another context with the same targeting key has other values",
  async () => {
    await OpenFeature.setContext(other);
    return flags.getBooleanValue("beta", true);
  },
  false,
);
await check(
  "a missing targeting key spoils only the flags that need it",
  async () => {
    await OpenFeature.setContext({});
    const { value, errorCode } = flags.getBooleanDetails("half", true);
    return [value, errorCode, flags.getNumberValue("limit", 0)];
  },
  [true, "TARGETING_KEY_MISSING", 42],
);
await check(
  "a change is told and taken",
  async () => {
    let changed = false;
    flags.addHandler(ProviderEvents.ConfigurationChanged, () => (changed = true));
    const file = process.env.FLAGS_FILE;
    const text = await readFile(file, "utf8");
    await writeFile(`${file}.new`, text.replace('"defaultVariant": "high"', '"defaultVariant": "low"'));
    await rename(`${file}.new`, file);
    await until("the change", () => changed);
    return flags.getNumberValue("limit", 0);
  },
  7,
);
await OpenFeature.close();
process.exit(failed === 0 ? 0 : 1);
