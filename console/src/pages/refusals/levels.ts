// What says no to a call, in the order in which calls meet it, and what helps.

export interface Level {
  name: string;
  explanation: string;
}

const LEVELS: Record<string, Level> = {
  request: { name: "Request", explanation: "The message itself can't be read, or is too long." },
  route: {
    name: "Route",
    explanation: "No stage, or no method of the stage, has this address. Is the method deployed?",
  },
  authorization: {
    name: "Authorization",
    explanation: "The API's policy or its authorizer did not let the caller in.",
  },
  key: {
    name: "API key",
    explanation:
      "The key is missing, unknown, disabled, or in no usage plan of the stage. The caller sees the same 403 for all of these.",
  },
  "plan-throttle": {
    name: "Plan throttle",
    explanation:
      "The key called faster than its plan allows. The bucket is the key's own; other keys of the plan are not held up.",
  },
  "plan-method-throttle": {
    name: "Plan's method throttle",
    explanation: "The key called this method faster than its plan's entry for the method allows.",
  },
  "stage-method-throttle": {
    name: "Stage throttle",
    explanation: "All callers together called this method faster than the stage allows.",
  },
  "account-throttle": {
    name: "Account throttle",
    explanation: "All calls together came faster than the account allows.",
  },
  quota: {
    name: "Quota",
    explanation: "The key has used up the calls of its period. Extend its quota, or move it to another plan.",
  },
  ledger: {
    name: "Ledger",
    explanation: "The quota could not be accounted for just then. This is Tollgate's fault, not the caller's.",
  },
  validation: {
    name: "Validation",
    explanation: "Required parameters are missing, or the body does not fit its model.",
  },
  integration: {
    name: "Integration",
    explanation: "The upstream or the API's configuration left no answer. The call was admitted, and counts.",
  },
};

export const level = (name: string): Level => LEVELS[name] ?? { name, explanation: "" };
