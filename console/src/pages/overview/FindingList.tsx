// What is wrong right now, each with a link that leads to the mend.
import Container from "@cloudscape-design/components/container";
import Icon from "@cloudscape-design/components/icon";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactElement } from "react";
import type { Finding } from "../../api/operator";
import { ErrorAlert } from "../../components/ErrorAlert";
import { PageLink } from "../../components/PageLink";
import { useFindings } from "../../components/queries";

/** Keys in no plan that have a line each. */
const KEYS_SHOWN = 3;

/** Keys in no plan that the server tells at most. */
const KEYS_TOLD = 20;

export function FindingList(): ReactElement {
  const { data, error } = useFindings();
  const loose = data?.filter(({ kind }) => kind === "KeyInNoPlan") ?? [];
  const shown = [...(data?.filter(({ kind }) => kind !== "KeyInNoPlan") ?? []), ...loose.slice(0, KEYS_SHOWN)];
  return (
    <Container
      header={
        <Header variant="h2" counter={data && data.length > 0 ? counted(data, loose) : undefined}>
          What is wrong right now
        </Header>
      }
    >
      <SpaceBetween size="s">
        <ErrorAlert error={error} />
        {data?.length === 0 && (
          <StatusIndicator type="success">Nothing that shows in the configuration.</StatusIndicator>
        )}
        {shown.map((finding) => (
          <FindingLine key={JSON.stringify(finding)} finding={finding} />
        ))}
        {loose.length > KEYS_SHOWN && (
          <div>
            <Icon name="status-warning" variant="warning" ariaLabel="Warning" /> {loose.length - KEYS_SHOWN}
            {loose.length >= KEYS_TOLD && " or more"} other keys are in no plan.{" "}
            <PageLink to="/api-keys">See the keys</PageLink>
          </div>
        )}
      </SpaceBetween>
    </Container>
  );
}

/** How much is wrong. Of keys in no plan the server tells some only. */
const counted = (all: Finding[], loose: Finding[]): string =>
  loose.length >= KEYS_TOLD ? `(${all.length}+)` : `(${all.length})`;

function FindingLine({ finding }: { finding: Finding }): ReactElement {
  const { text, to, mend } = explain(finding);
  return (
    <div>
      <Icon name="status-warning" variant="warning" ariaLabel="Warning" /> {text} <PageLink to={to}>{mend}</PageLink>
    </div>
  );
}

interface Explanation {
  text: string;
  to: string;
  mend: string;
}

function explain(finding: Finding): Explanation {
  switch (finding.kind) {
    case "UnlimitedPlan":
      return {
        text: `Plan ${finding.name} has no limits.`,
        to: `/usage-plans/${finding.usagePlanId}`,
        mend: "Set a throttle or a quota",
      };
    case "PlanWithoutStage":
      return {
        text: `Plan ${finding.name} covers no stage: its keys may call nothing.`,
        to: `/usage-plans/${finding.usagePlanId}?tab=stages`,
        mend: "Add an API stage",
      };
    case "StageWithOpenMethods":
      return {
        text: finding.all
          ? `Stage ${finding.apiName} / ${finding.stage} has plans, but no method requires a key.`
          : `Stage ${finding.apiName} / ${finding.stage}: calls of ${finding.methods.join(", ")} pass without a key.`,
        to: `/apis/${finding.apiId}?tab=resources`,
        mend: "Require keys, then deploy",
      };
    case "UndeployedKeyRequirement":
      return {
        text: `${finding.apiName}: ${finding.methods.join(", ")} was changed, but stage ${finding.stage} serves the old setting.`,
        to: `/apis/${finding.apiId}?tab=stages`,
        mend: "Deploy the API",
      };
    case "BucketsOutOfReach":
      return {
        text: `The shared buckets are out of reach of ${finding.nodes.join(", ")}: each node gives out its share of the rates by itself.`,
        to: "/usage-plans",
        mend: "See the plans and their rates",
      };
    case "KeyInNoPlan":
      return {
        text: `Key ${finding.name ?? finding.keyId} is in no plan.`,
        to: `/api-keys/${finding.keyId}`,
        mend: "Add it to a plan",
      };
  }
}
