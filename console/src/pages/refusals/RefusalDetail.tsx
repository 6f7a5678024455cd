// Why one call was refused: what said no, on what grounds, and when it clears.
import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs, { type KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";
import type { RefusedCall } from "../../api/operator";
import { EnabledBadge } from "../../components/EnabledBadge";
import { PageLink } from "../../components/PageLink";
import { Timestamp } from "../../components/Timestamp";
import { count } from "../../lib/numbers";
import { span } from "../../lib/time";
import { level } from "./levels";

export function RefusalDetail({ call, now }: { call: RefusedCall; now: number }): ReactElement {
  const { name, explanation } = level(call.level);
  return (
    <Container header={<Header variant="h2" description={call.requestId}>{`Refused by: ${name}`}</Header>}>
      <SpaceBetween size="m">
        <Alert type="info" header={sentence(call.reason)}>
          {explanation} {clears(call, now)}
        </Alert>
        <KeyValuePairs columns={3} items={facts(call)} />
      </SpaceBetween>
    </Container>
  );
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function clears({ clearsAt }: RefusedCall, now: number): string {
  if (clearsAt === null) return "Waiting does not help.";
  return clearsAt <= now
    ? "It has cleared by now: the same call would pass this level."
    : `It clears in ${span(clearsAt - now)}.`;
}

function facts(call: RefusedCall): KeyValuePairsProps.Item[] {
  const items: KeyValuePairsProps.Item[] = [
    { label: "Time", value: <Timestamp millis={call.at} /> },
    { label: "Answer", value: String(call.status) },
    { label: "Call", value: `${call.method} ${call.path || "/"}` },
  ];
  if (call.apiId !== null) {
    items.push({
      label: "API and stage",
      value: <PageLink to={`/apis/${call.apiId}`}>{`${call.apiName ?? call.apiId} / ${call.stage ?? ""}`}</PageLink>,
    });
  }
  if (call.resourcePath !== null) items.push({ label: "Resource", value: call.resourcePath });
  if (call.keyId !== null) {
    items.push({
      label: "Key",
      value: (
        <SpaceBetween direction="horizontal" size="xs">
          <PageLink to={`/api-keys/${call.keyId}`}>{call.keyName ?? call.keyId}</PageLink>
          {call.keyEnabled !== null && <EnabledBadge enabled={call.keyEnabled} />}
        </SpaceBetween>
      ),
    });
  }
  if (call.usagePlanId !== null) {
    items.push({
      label: "Usage plan",
      value: <PageLink to={`/usage-plans/${call.usagePlanId}`}>{call.planName ?? call.usagePlanId}</PageLink>,
    });
  }
  if (call.bucket !== null) {
    const { tokens, burstLimit, fullInMillis } = call.bucket;
    items.push({
      label: "Bucket",
      value: `${count(tokens)} of ${count(burstLimit)} tokens; full ${span(fullInMillis)} later`,
    });
  }
  if (call.quota !== null) {
    items.push({ label: "Quota", value: `${count(call.quota.remaining)} of ${count(call.quota.limit)} calls left` });
    items.push({ label: "Next period begins", value: <Timestamp millis={call.quota.resetsAt} /> });
  }
  if (call.clearsAt !== null) items.push({ label: "Clears", value: <Timestamp millis={call.clearsAt} /> });
  return items;
}
