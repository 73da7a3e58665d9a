// The JavaScript SDK for servers: one request per evaluation.
import { OpenFeature } from "@openfeature/server-sdk";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { deepStrictEqual } from "node:assert";

const user = { targetingKey: "user-1", email: "ann@example.com", age: 30 };
const other = { targetingKey: "user-1", email: "ann@example.org", age: 30 };
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

function client(domain, key) {
  const headers = key ? [["Authorization", `Bearer ${key}`]] : [];
  const provider = new OFREPProvider({ baseUrl: process.env.OFREP_URL, headers });
  return OpenFeature.setProviderAndWait(domain, provider).then(() => OpenFeature.getClient(domain));
}

const flags = await client("known", process.env.OFREP_KEY);

await check("boolean", () => flags.getBooleanValue("new-header", false, user), true);
await check("string", () => flags.getStringValue("theme", "none", user), 'dark "灰"');
await check("number", () => flags.getNumberValue("limit", 0, user), 42);
await check("fraction", () => flags.getNumberValue("ratio", 0, user), 0.25);
await check("object", () => flags.getObjectValue("banner", {}, user), { text: "Sun", size: 3, tags: ["a", "b"] });
await check("targeting hits", () => flags.getBooleanValue("beta", false, user), true);
await check("targeting misses", () => flags.getBooleanValue("beta", true, other), false);
await check("disabled is the default in the code", () => flags.getStringValue("retired", "code", user), "code");
await check("a key of odd characters", () => flags.getBooleanValue("odd key/✓", false, user), true);
await check(
  "details",
  async () => {
    const { variant, reason, flagMetadata } = await flags.getBooleanDetails("new-header", false, user);
    return [variant, reason, flagMetadata.team, flagMetadata.flagSetId, typeof flagMetadata.revision];
  },
  ["on", "STATIC", "web", "sdk", "number"],
);
await check(
  "a missing flag is the default in the code",
  async () => {
    const { value, errorCode } = await flags.getBooleanDetails("missing", true, user);
    return [value, errorCode];
  },
  [true, "FLAG_NOT_FOUND"],
);
await check(
  "a missing targeting key",
  async () => {
    const { value, errorCode } = await flags.getBooleanDetails("half", true, {});
    return [value, errorCode];
  },
  [true, "TARGETING_KEY_MISSING"],
);
await check(
  "another type is the default in the code",
  async () => {
    const { value, errorCode } = await flags.getStringDetails("limit", "code", user);
    return [value, errorCode];
  },
  ["code", "TYPE_MISMATCH"],
);
await check(
  "a wrong key is the default in the code",
  async () => {
    const stranger = await client("stranger", "wrong");
    const { value, errorCode } = await stranger.getBooleanDetails("new-header", false, user);
    return [value, errorCode];
  },
  [false, "GENERAL"],
);
await OpenFeature.close();
process.exit(failed === 0 ? 0 : 1);
