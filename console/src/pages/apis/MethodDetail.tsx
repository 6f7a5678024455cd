// One method: what is asked of its callers, and what answers it.
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";
import { CliCommands } from "../../components/CliCommands";
import { aws } from "../../lib/cli";
import type { ResourceRow } from "./methodRows";

export function MethodDetail({ apiId, row }: { apiId: string; row: ResourceRow }): ReactElement {
  const integration = row.method?.methodIntegration;
  const verb = row.verb ?? "";
  return (
    <Container header={<Header variant="h2">{`${verb} ${row.resource.path}`}</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={3}
          items={[
            { label: "API key", value: row.method?.apiKeyRequired ? "Required" : "Not required" },
            { label: "Authorization", value: row.method?.authorizationType ?? "NONE" },
            { label: "Resource ID", value: row.resource.id },
            { label: "Integration", value: integration?.type ?? "none yet" },
            { label: "Upstream", value: integration?.uri ?? "–" },
            { label: "Timeout", value: integration?.timeoutInMillis ? `${integration.timeoutInMillis} ms` : "–" },
          ]}
        />
        <CliCommands
          commands={[aws("get-method", { restApiId: apiId, resourceId: row.resource.id, httpMethod: verb })]}
        />
      </SpaceBetween>
    </Container>
  );
}
