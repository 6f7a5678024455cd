// Everything is set up: the key, and the call to paste.
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";
import type { NodeDescription } from "../../api/operator";
import { PageLink } from "../../components/PageLink";
import { SecretValue } from "../../components/SecretValue";
import { invokeUrl } from "../../lib/invokeUrl";
import type { Made } from "./setUp";

export function FirstCall({ made, node }: { made: Made; node: NodeDescription | undefined }): ReactElement {
  const command = `curl -i -H 'x-api-key: VALUE' ${invokeUrl(node, location.hostname, made.apiId, made.stage)}/`;
  return (
    <Container header={<Header variant="h2">It is ready to be called</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={2}
          items={[
            { label: "API", value: <PageLink to={`/apis/${made.apiId}?tab=try`}>Try it here</PageLink> },
            { label: "Usage plan", value: <PageLink to={`/usage-plans/${made.planId}`}>See the plan</PageLink> },
            { label: "Key", value: <PageLink to={`/api-keys/${made.keyId}`}>See the key</PageLink> },
            { label: "Its value", value: <SecretValue keyId={made.keyId} /> },
          ]}
        />
        <CopyToClipboard
          variant="inline"
          textToCopy={command}
          copyButtonAriaLabel="Copy the call"
          copySuccessText="Copied"
          copyErrorText="The browser does not allow copying here"
        />
      </SpaceBetween>
    </Container>
  );
}
