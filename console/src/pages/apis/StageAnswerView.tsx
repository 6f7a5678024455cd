// What a call was answered.
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactElement } from "react";
import type { StageAnswer } from "../../api/operator";
import { PageLink } from "../../components/PageLink";

/** Headers that say how the caller stands, in words. */
const STANDING: Record<string, string> = {
  "ratelimit-policy": "Limits (RateLimit-Policy)",
  ratelimit: "Where the key stands (RateLimit)",
  "retry-after": "Come back in (Retry-After)",
  "x-amzn-requestid": "Request ID",
  "x-amzn-errortype": "Error type",
};

export function StageAnswerView({ answer }: { answer: StageAnswer }): ReactElement {
  const header = (name: string): string | undefined => answer.headers.find(([known]) => known === name)?.[1];
  const refused = header("x-amzn-errortype") !== undefined;
  const requestId = header("x-amzn-requestid");
  return (
    <Container header={<Header variant="h2">Answer</Header>}>
      <SpaceBetween size="m">
        <SpaceBetween direction="horizontal" size="m">
          <StatusIndicator
            type={answer.status < 400 ? "success" : "error"}
          >{`Status ${answer.status}`}</StatusIndicator>
          <Box>{answer.latencyMillis} ms</Box>
          {refused && requestId && <PageLink to={`/refusals?request=${requestId}`}>Why was it refused?</PageLink>}
        </SpaceBetween>
        <KeyValuePairs
          columns={2}
          items={Object.entries(STANDING).flatMap(([name, label]) => {
            const value = header(name);
            return value === undefined ? [] : [{ label, value: <Box variant="code">{value}</Box> }];
          })}
        />
        <div>
          <Box variant="awsui-key-label">Body</Box>
          <pre className="console-code">{answer.body === "" ? "(empty)" : answer.body}</pre>
          {answer.cut && <Box color="text-body-secondary">The rest is not shown.</Box>}
        </div>
        <div>
          <Box variant="awsui-key-label">All headers</Box>
          <pre className="console-code">{answer.headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</pre>
        </div>
      </SpaceBetween>
    </Container>
  );
}
