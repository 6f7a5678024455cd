// Sends a call through the gateway with a key of one's choice, and shows the answer with its rate-limit headers.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useMutation } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { callStage } from "../../api/operator";
import type { Resource, Stage } from "../../api/restApis";
import { ErrorAlert } from "../../components/ErrorAlert";
import { KeyPicker, type PickedKey } from "../../components/KeyPicker";
import { useKept } from "../../components/useKept";
import { StageAnswerView } from "./StageAnswerView";

interface TryPanelProps {
  apiId: string;
  stages: Stage[];
  resources: Resource[];
}

const VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map((value) => ({ value, label: value }));

/** A verb that can be sent: a method for any verb is tried with GET. */
const sendable = (verb = "ANY"): string => (verb === "ANY" ? "GET" : verb);

export function TryPanel({ apiId, stages, resources }: TryPanelProps): ReactElement {
  const [stage, setStage] = useKept("stage", stages[0]?.stageName ?? "");
  const first = resources.find(({ resourceMethods }) => resourceMethods !== undefined);
  const [verb, setVerb] = useKept("verb", sendable(Object.keys(first?.resourceMethods ?? {})[0]));
  const [path, setPath] = useKept("path", first?.path ?? "/");
  const [key, setKey] = useKept<PickedKey | null>("key", null);
  const [body, setBody] = useKept("body", "");
  const calling = useMutation({
    mutationFn: () => callStage({ apiId, stage, method: verb, path, keyId: key?.id, ...(body === "" ? {} : { body }) }),
  });
  if (stages.length === 0) return <Alert type="info">Deploy the API to a stage first: only stages are called.</Alert>;
  return (
    <SpaceBetween size="m">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          calling.mutate();
        }}
      >
        <Container
          header={
            <Header variant="h2" description="A call like any other: it takes tokens, and a unit of the key's quota.">
              Call
            </Header>
          }
          footer={
            <Button variant="primary" formAction="submit" loading={calling.isPending}>
              Send
            </Button>
          }
        >
          <SpaceBetween size="m">
            <ColumnLayout columns={2}>
              <FormField label="Stage">
                <Select
                  ariaLabel="Stage"
                  selectedOption={{ value: stage, label: stage }}
                  options={stages.map(({ stageName }) => ({ value: stageName, label: stageName }))}
                  onChange={({ detail }) => setStage(detail.selectedOption.value ?? "")}
                />
              </FormField>
              <FormField label="API key">
                <KeyPicker ariaLabel="API key to call with" none="No key" picked={key} onPick={setKey} />
              </FormField>
              <FormField label="Method">
                <Select
                  ariaLabel="Method"
                  selectedOption={{ value: verb, label: verb }}
                  options={VERBS}
                  onChange={({ detail }) => setVerb(detail.selectedOption.value ?? "GET")}
                />
              </FormField>
              <FormField label="Path" description="Below the stage, with its query.">
                <Input value={path} onChange={({ detail }) => setPath(detail.value)} spellcheck={false} />
              </FormField>
            </ColumnLayout>
            {verb !== "GET" && verb !== "HEAD" && (
              <FormField label="Body" stretch>
                <Textarea rows={4} value={body} spellcheck={false} onChange={({ detail }) => setBody(detail.value)} />
              </FormField>
            )}
            {path.includes("{") && (
              <Box color="text-status-warning">Put a value in the place of what is in braces.</Box>
            )}
          </SpaceBetween>
        </Container>
      </form>
      <ErrorAlert error={calling.error} />
      {calling.data && <StageAnswerView answer={calling.data} />}
    </SpaceBetween>
  );
}
